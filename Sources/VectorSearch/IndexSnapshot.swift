// SPDX-License-Identifier: Apache-2.0

internal import CVectorScan
private import Dispatch
private import Synchronization

/// The rows of the index at one moment, which writes do not change.
struct IndexSnapshot: Sendable {
    let layout: VectorLayout
    let chunks: [VectorChunk]
    /// Where each chunk's blocks are.
    let blocks: [Borrowed<UnsafePointer<UInt8>>]
    let count: Int
    let threads: Int
    let instructions: ScanInstructions

    /// Queries that share a pass: their codes and hits stay in a core's cache.
    private static let queriesOfPass = 64
    /// Chunks that a thread takes at a time.
    private static let grain = 4

    /// Lends the rows to the graph.
    func withRows<Value>(_ body: (facet_graph_rows) -> Value) -> Value {
        blocks.withUnsafeBytes { table in
            body(
                facet_graph_rows(
                    chunks: table.baseAddress?.assumingMemoryBound(to: UnsafePointer<UInt8>?.self),
                    layout: layout.blocks,
                    segments: layout.segments.count))
        }
    }

    /// The same rows, scanned on the caller's thread alone.
    var onOneThread: IndexSnapshot {
        IndexSnapshot(
            layout: layout, chunks: chunks, blocks: blocks, count: count, threads: 1, instructions: instructions)
    }

    /// Answers every query exactly; `sets` has the rows that it counts, or nil where it counts all.
    func search(_ queries: [PreparedQuery], sets: [RowSet?]) -> [SearchResult] {
        var tasks = queries.indices.map { index in
            ScanTask(index: index, query: queries[index], set: sets[index], rows: count)
        }
        // Queries that read the same segments go together: a tile of them loads each code once.
        tasks.sort { left, right in
            left.query.segments == right.query.segments
                ? left.index < right.index : left.query.segments.lexicographicallyPrecedes(right.query.segments)
        }
        var results = [SearchResult?](repeating: nil, count: queries.count)
        for start in stride(from: 0, to: tasks.count, by: Self.queriesOfPass) {
            let pass = Array(tasks[start..<min(start + Self.queriesOfPass, tasks.count)])
            for (task, candidates) in zip(pass, scan(pass)) {
                results[task.index] = Rescoring(snapshot: self, task: task).result(of: candidates, recall: nil)
            }
        }
        return results.compactMap { $0 }
    }

    /// One pass over the codes: for each query the rows that may be among the best.
    private func scan(_ tasks: [ScanTask]) -> [[Candidates.Row]] {
        let groups = ScanGroup.groups(of: tasks, layout: layout)
        let items = (chunks.count + Self.grain - 1) / Self.grain
        let next = Atomic<Int>(0)
        let found = Mutex([[Candidates.Row]](repeating: [], count: tasks.count))
        Self.perform(on: min(threads, items)) {
            let worker = ScanWorker(tasks: tasks, groups: groups, layout: layout)
            while true {
                let item = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard item < items else { break }
                for number in item * Self.grain..<min((item + 1) * Self.grain, chunks.count) {
                    worker.scan(chunks[number], number: number, instructions: instructions)
                }
            }
            found.withLock { all in
                for (index, candidates) in worker.candidates.enumerated() { all[index] += candidates.rows }
            }
        }
        return found.withLock { $0 }
    }

    /// Runs `body` on so many threads at once, the caller's among them.
    static func perform(on threads: Int, _ body: @Sendable () -> Void) {
        guard threads > 1 else { return body() }
        DispatchQueue.concurrentPerform(iterations: threads) { _ in body() }
    }
}
