// SPDX-License-Identifier: Apache-2.0

/// Which rows the graph knows by what they hold now; guarded by the index's lock.
///
/// Rows from `linked` on, and the changed ones, are scored by every search one by one until the keeper has linked them.
struct GraphWork: Sendable {
    let graph: LinkGraph
    private(set) var linked = 0
    private(set) var calibration: GraphCalibration?
    /// Rows below `linked` whose vectors changed since they were linked, and those that are being linked now.
    private var changed: [UInt32] = []
    private var known: Set<UInt32> = []
    private var inHand: [UInt32] = []
    /// Rows below were handed out to be linked.
    private var claimed = 0
    private var changesSince = 0

    /// Rows that the keeper links at a time: few, so that a snapshot is not held for long.
    static let batch = 1024

    init(graph: LinkGraph) { self.graph = graph }

    /// Rows that searches score in any case, besides those from `linked` on.
    var extra: [UInt32] { inHand.isEmpty ? changed : changed + inHand }

    func pending(count: Int) -> Int { changed.count + inHand.count + max(0, count - linked) }

    func isIdle(count: Int) -> Bool { changed.isEmpty && linked >= count && !needsMeasuring(count: count) }

    /// True when so many rows changed since they were linked that a new graph is sooner good than this one.
    func isOutdated(count: Int) -> Bool { changed.count * 5 > count }

    /// True when nothing was measured yet, or a fifth of the rows changed since.
    func needsMeasuring(count: Int) -> Bool { calibration == nil || changesSince > count / 5 }

    /// A row got another vector, came, or went.
    mutating func touch(_ row: Int) {
        changesSince += 1
        guard row < claimed, known.insert(UInt32(row)).inserted else { return }
        changed.append(UInt32(row))
    }

    mutating func shrink(to count: Int) { linked = min(linked, count) }

    /// The next rows to link; the keeper has one batch at a time.
    mutating func take(count: Int) -> [UInt32] {
        if !changed.isEmpty {
            inHand = Array(changed.suffix(Self.batch))
            changed.removeLast(inHand.count)
            for row in inHand { known.remove(row) }
            return inHand
        }
        guard linked < count else { return [] }
        let end = min(count, linked + Self.batch)
        claimed = max(claimed, end)
        return (linked..<end).map { UInt32($0) }
    }

    /// The batch is linked.
    mutating func done(_ rows: [UInt32], count: Int) {
        if inHand.isEmpty, let last = rows.last { linked = max(linked, min(count, Int(last) + 1)) }
        inHand = []
    }

    mutating func measured(_ calibration: GraphCalibration) {
        self.calibration = calibration
        changesSince = 0
    }
}
