// SPDX-License-Identifier: Apache-2.0

internal import CVectorScan
private import Synchronization

/// The exact end of a search: candidates are scored in double from the stored floats, the most promising first, until
/// no other can be among the best.
struct Rescoring {
    let snapshot: IndexSnapshot
    let task: ScanTask

    /// Candidates from which on the threads share the work.
    private static let worthSharing = 512

    private struct Scored {
        let row: Int
        let key: Int64
        let score: Float

        static func isBetter(_ left: Scored, _ right: Scored) -> Bool {
            left.score == right.score ? left.key < right.key : left.score > right.score
        }
    }

    /// The best of the candidates; `recall` is what to expect of them, or nil when none of the best is missing.
    func result(of candidates: [Candidates.Row], recall: Double?) -> SearchResult {
        let least = task.threshold.value
        let hopeful = candidates.filter { $0.upper >= least }.sorted { $0.upper > $1.upper }
        let workers = hopeful.count < Self.worthSharing ? 1 : snapshot.threads
        let next = Atomic<Int>(0)
        let rescored = Atomic<Int>(0)
        let found = Mutex<[Scored]>([])
        IndexSnapshot.perform(on: workers) {
            let (best, count) = best(of: hopeful, next: next)
            rescored.wrappingAdd(count, ordering: .relaxed)
            found.withLock { $0 += best }
        }
        let ranking = found.withLock { $0 }.sorted(by: Scored.isBetter).prefix(task.need)
        let hits = ranking.dropFirst(task.query.query.offset).prefix(task.query.query.k).map { scored in
            SearchHit(key: scored.key, score: scored.score, cosines: cosines(ofRow: scored.row))
        }
        return SearchResult(
            hits: hits, exact: recall == nil, recall: recall ?? 1, rescored: rescored.load(ordering: .relaxed))
    }

    private func cosines(ofRow row: Int) -> [Float] {
        let floats = floats(ofRow: row)
        return task.query.parts.map { Float(cosine(of: $0, floats)) }
    }

    /// One thread's share of the candidates, which are dealt out in order.
    private func best(of hopeful: [Candidates.Row], next: borrowing Atomic<Int>) -> (best: [Scored], rescored: Int) {
        var best = BestOf<Scored>(task.need, isBetter: Scored.isBetter)
        var rescored = 0
        while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < hopeful.count, hopeful[index].upper >= task.threshold.value else { break }
            let scored = scored(Int(hopeful[index].row))
            rescored += 1
            guard scored.score >= task.query.query.minScore ?? -.infinity else { continue }
            best.offer(scored)
            if let worst = best.worst { task.threshold.raise(to: worst.score) }
        }
        return (best.elements, rescored)
    }

    private func scored(_ row: Int) -> Scored {
        let chunk = snapshot.chunks[row / VectorChunk.maximumRows]
        let floats = floats(ofRow: row)
        var score = 0.0
        for part in task.query.parts where part.share != 0 { score += part.share * cosine(of: part, floats) }
        return Scored(row: row, key: chunk.keys[row % VectorChunk.maximumRows], score: Float(score))
    }

    private func floats(ofRow row: Int) -> UnsafePointer<Float> {
        let chunk = snapshot.chunks[row / VectorChunk.maximumRows]
        return UnsafePointer(chunk.floats + row % VectorChunk.maximumRows * snapshot.layout.dimensions)
    }

    /// From -1 to 1: rounding may leave lengths a little above 1.
    private func cosine(of part: PreparedQuery.Part, _ row: UnsafePointer<Float>) -> Double {
        let start = snapshot.layout.starts[part.segment]
        return min(1, max(-1, facet_scan_dot(snapshot.instructions.code, part.vector, row + start, part.vector.count)))
    }
}
