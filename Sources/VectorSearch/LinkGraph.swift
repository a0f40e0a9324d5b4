// SPDX-License-Identifier: Apache-2.0

internal import CVectorScan
private import Synchronization

/// The lists of neighbours of an index's rows, by row number.
///
/// `@unchecked Sendable`: links are atomics; ``reserve(_:)`` and ``link(_:in:linked:threads:)`` are called by the keeper only.
final class LinkGraph: @unchecked Sendable {
    let layout: VectorLayout
    let hasSegmentLists: Bool
    private let instructions: ScanInstructions
    private let graph: OpaquePointer
    private let effort: Int
    private let lengths: [Int]
    private let scratches = Mutex<[GraphScratch]>([])

    /// Nil without memory.
    init?(layout: VectorLayout, settings: ApproximationSettings, instructions: ScanInstructions) {
        let several = 2...ApproximationSettings.mostSegments ~= layout.segments.count
        let own = several ? settings.segmentNeighbours : 0
        guard let graph = facet_graph_new(layout.segments.count, settings.neighbours, own) else { return nil }
        (self.graph, self.layout, self.instructions, effort) = (graph, layout, instructions, settings.effort)
        hasSegmentLists = own > 0
        lengths = layout.segments
    }

    deinit { facet_graph_free(graph) }

    /// Bytes of the lists of so many rows.
    func bytes(rows: Int) -> Int { facet_graph_bytes(graph, rows) }

    /// Makes room; false without memory.
    func reserve(_ rows: Int) -> Bool { facet_graph_reserve(graph, rows) != 0 }

    /// Links rows of a snapshot by their present codes, on `threads` threads; rows that were linked before are taken out
    /// first, all of them, so that none is linked by way of another's old place.
    ///
    /// Rows from `linked` on are linked in order, each to those before it.
    func link(_ rows: [UInt32], in snapshot: IndexSnapshot, linked: Int, threads: Int) {
        let count = UInt32(snapshot.count)
        each(rows, in: snapshot, threads: threads) { row, table, scratch in
            facet_graph_detach(instructions.code, graph, table, lengths, count, row, scratch)
        }
        each(rows.filter { $0 < count }, in: snapshot, threads: threads) { row, table, scratch in
            facet_graph_insert(
                instructions.code, graph, table, lengths, count, min(max(UInt32(linked), row), count), row, effort,
                scratch)
        }
    }

    private func each(
        _ rows: [UInt32], in snapshot: IndexSnapshot, threads: Int,
        _ body: @Sendable (UInt32, facet_graph_rows, OpaquePointer) -> Void
    ) {
        let next = Atomic<Int>(0)
        BackgroundThreads.perform(on: min(threads, rows.count)) {
            withScratch(rows: snapshot.count) { scratch in
                snapshot.withRows { table in
                    while true {
                        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                        guard index < rows.count else { return }
                        body(rows[index], table, scratch.scratch)
                    }
                }
            }
        }
    }

    /// Up to `query.effort` rows, best estimate first, and how many were scored; nil when the budget was spent.
    func search(
        _ query: facet_graph_query, in snapshot: IndexSnapshot
    ) -> (hits: [facet_scan_hit], scored: Int)? {
        withScratch(rows: snapshot.count) { scratch in
            var (query, scored) = (query, 0)
            var isWhole = true
            let hits = [facet_scan_hit](unsafeUninitializedCapacity: query.effort) { buffer, count in
                count = snapshot.withRows { table in
                    facet_graph_search(
                        instructions.code, graph, table, &query, scratch.scratch, buffer.baseAddress, &scored)
                }
                isWhole = count >= 0
                count = max(0, count)
            }
            return isWhole ? (hits, scored) : nil
        } ?? nil
    }

    /// Runs `body` with a scratch for so many rows; nil without memory.
    @discardableResult
    private func withScratch<Value>(rows: Int, _ body: (GraphScratch) -> Value) -> Value? {
        let free = scratches.withLock { $0.popLast() }
        let scratch = free.flatMap { $0.rows >= rows ? $0 : nil } ?? GraphScratch(rows: rows + rows / 4, layout: layout)
        guard let scratch else { return nil }
        defer { scratches.withLock { $0.append(scratch) } }
        return body(scratch)
    }
}

/// What one thread needs to walk the graph.
///
/// `@unchecked Sendable`: one thread has it at a time.
private final class GraphScratch: @unchecked Sendable {
    let rows: Int
    let scratch: OpaquePointer

    init?(rows: Int, layout: VectorLayout) {
        guard let scratch = facet_graph_scratch_new(rows, layout.blocks, layout.segments.count) else { return nil }
        (self.rows, self.scratch) = (rows, scratch)
    }

    deinit { facet_graph_scratch_free(scratch) }
}
