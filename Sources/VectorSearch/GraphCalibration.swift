// SPDX-License-Identifier: Apache-2.0

/// The effort that each kind of query needs, measured on the index's own rows against exact searches.
struct GraphCalibration: Sendable {
    struct Point: Sendable {
        let effort: Int
        let recall: Double
        let scored: Int
        let isGood: Bool
    }

    /// For each kind, what finds the best 10 and the best 100.
    private(set) var points: [GraphKind: (ten: Point, hundred: Point)] = [:]
    private let kinds: [GraphKind]

    var summary: [MeasuredRecall] {
        kinds.compactMap { kind in
            points[kind].map { points in
                MeasuredRecall(
                    kind: kind, isUsed: points.ten.isGood, recall: points.ten.recall, effort: points.ten.effort,
                    scored: points.ten.scored)
            }
        }
    }

    /// The effort for the best `need`, or nil where searches of this kind scan.
    func plan(_ kind: GraphKind, need: Int) -> Point? {
        guard let (ten, hundred) = points[kind], ten.isGood else { return nil }
        guard need > 10 else { return ten }
        guard hundred.isGood else { return nil }
        let effort = ten.effort + (max(0, hundred.effort - ten.effort) * (need - 10) + 89) / 90
        return Point(
            effort: max(need, effort), recall: min(ten.recall, hundred.recall),
            scored: max(hundred.scored, hundred.scored * effort / hundred.effort), isGood: true)
    }

    /// Rows that a walk may score before a scan of `rows` would have been as fast.
    ///
    /// A row met at random takes about four times as long as one of a scan, which shares its work between threads.
    static func worth(rows: Int, threads: Int) -> Int { rows / (4 * threads) }
}

// MARK: Measuring

extension GraphCalibration {
    /// Part of what may be missing that is kept in reserve, because the measurement is one of a sample.
    private static let reserve = 0.3
    private static let efforts = [12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048]

    /// Walks with rows of the index as queries, each as if it were not there itself.
    init(_ graph: LinkGraph, snapshot: IndexSnapshot, linked: Int, extra: [UInt32], settings: ApproximationSettings) {
        kinds = GraphKind.all(snapshot.layout)
        let alone = snapshot.onOneThread
        var random = SplitMix(seed: UInt64(snapshot.count))
        for kind in kinds {
            let probes = (0..<settings.probes).compactMap { _ in
                GraphProbe(kind, row: Int.random(in: 0..<max(1, linked), using: &random), in: snapshot, using: &random)
            }
            let results = alone.search(
                probes.map(\.prepared), sets: [RowSet?](repeating: nil, count: probes.count))
            let walk = GraphWalk(graph: graph, snapshot: snapshot, linked: linked, extra: extra)
            let ten = Self.point(10, kind, probes, results, walk, recall: settings.recall)
            points[kind] = (ten, Self.point(100, kind, probes, results, walk, recall: settings.recall))
        }
    }

    /// The least effort that finds enough of the best `k`; the last one tried where none does.
    private static func point(
        _ k: Int, _ kind: GraphKind, _ probes: [GraphProbe], _ truth: [SearchResult], _ walk: GraphWalk, recall: Double
    ) -> Point {
        let worth = GraphCalibration.worth(rows: walk.snapshot.count, threads: walk.snapshot.threads)
        let recall = recall + reserve * (1 - recall)
        var last = Point(effort: k, recall: 0, scored: 0, isGood: false)
        for effort in efforts where effort > k {
            var (found, wanted, scored) = (0, 0, 0)
            for (probe, truth) in zip(probes, truth) {
                let best = truth.hits.prefix(k)
                guard let least = best.last?.score else { continue }
                wanted += best.count
                guard let hits = walk.hits(probe.prepared, kind: kind, effort: effort, skip: probe.row) else {
                    continue
                }
                scored += hits.scored
                let result = walk.rescored(hits.hits, probe.prepared, recall: recall)
                found += min(best.count, result.hits.prefix(k).count { $0.score >= least - 1e-6 })
            }
            let share = wanted == 0 ? 1 : Double(found) / Double(wanted)
            let each = scored / max(1, probes.count)
            last = Point(effort: effort, recall: share, scored: each, isGood: share >= recall && each <= worth)
            if share >= recall || each > worth { break }
        }
        return last
    }
}

/// A row of the index as a query.
private struct GraphProbe {
    let row: UInt32
    let prepared: PreparedQuery

    init?(_ kind: GraphKind, row: Int, in snapshot: IndexSnapshot, using random: inout SplitMix) {
        guard row < snapshot.count else { return nil }
        let layout = snapshot.layout
        let chunk = snapshot.chunks[row / VectorChunk.maximumRows]
        let floats = Array(chunk.row(row % VectorChunk.maximumRows))
        let key = chunk.keys[row % VectorChunk.maximumRows]
        let weights = kind.weights(layout, using: &random)
        let parts = layout.segments.indices.filter { weights[$0] != 0 }.map { segment in
            SearchQuery.Part(
                segment: segment,
                vector: Array(floats[layout.starts[segment]..<layout.starts[segment] + layout.segments[segment]]),
                weight: weights[segment])
        }
        let query = SearchQuery(parts: parts, k: 100, filter: .matching { $0 != key })
        guard let prepared = try? PreparedQuery(query, layout: layout, instructions: snapshot.instructions) else {
            return nil
        }
        self.row = UInt32(row)
        self.prepared = prepared
    }
}
