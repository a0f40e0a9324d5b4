// SPDX-License-Identifier: Apache-2.0

internal import CVectorScan

/// What one thread's scan keeps for one query: the rows that may be among the best, and the best lower bounds, the worst
/// of which every candidate's upper bound must reach.
struct Candidates {
    struct Row {
        let row: UInt32
        let upper: Float
    }

    private(set) var rows: [Row] = []
    private var lowers: BestOf<Float>
    private var limit: Int

    init(need: Int) {
        lowers = BestOf(need) { $0 > $1 }
        limit = 2 * need + 1024
    }

    /// Takes the hits of a chunk whose first row is `first`.
    mutating func add(
        _ hits: UnsafeBufferPointer<facet_scan_hit>, first: Int, keys: UnsafePointer<Int64>, filter: RowFilter,
        threshold: SharedThreshold
    ) {
        for hit in hits {
            if case .matching(let isCounted) = filter, !isCounted(keys[Int(hit.row)]) { continue }
            lowers.offer(hit.lower)
            rows.append(Row(row: UInt32(first) + hit.row, upper: hit.upper))
        }
        if let worst = lowers.worst { threshold.raise(to: worst) }
        guard rows.count > limit else { return }
        let least = threshold.value
        rows.removeAll { $0.upper < least }
        limit = max(limit, 2 * rows.count)
    }
}
