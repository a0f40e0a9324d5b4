// SPDX-License-Identifier: Apache-2.0

internal import CVectorScan
internal import Synchronization

/// Vectors in memory with a key each, and search over any weighting of their segments: exact, or from some size on, where
/// the owner wants it, by a graph that finds nearly all of the best much sooner; see ``ApproximationSettings``.
///
/// Every segment is kept at length 1 as float32, and beside it as 8-bit codes (a quarter of its size) that the scan
/// reads first; see ``PreparedQuery`` for why the result is exact all the same. Memory is about 1.27 times the floats
/// of four segments of 128.
///
/// Any number of threads may search and write at once. A search sees the index as it was when it began; a search that
/// begins after a write returned sees that write. Searches never wait for each other. A write that meets a search at
/// work copies the 256 rows it changes.
///
///     let index = VectorIndex(layout: try VectorLayout([128, 128]))
///     try index.upsert(key: 7, vector: floats)
///     let result = try index.search(.init(parts: [.init(segment: 0, vector: query)], k: 10))
package final class VectorIndex: Sendable {
    package let layout: VectorLayout
    /// Threads of a search or a load, the caller included.
    package let threads: Int
    let instructions: ScanInstructions
    let state: Mutex<IndexState>
    private let keeper: GraphKeeper?

    /// An empty index; without `approximation` every search is exact.
    package init(
        layout: VectorLayout, threads: Int = 2, instructions: ScanInstructions = .best,
        approximation: ApproximationSettings? = nil
    ) {
        self.layout = layout
        keeper = approximation.map(GraphKeeper.init)
        self.threads = max(1, threads)
        self.instructions = instructions
        state = Mutex(IndexState(layout: layout))
    }

    /// Rows.
    package var count: Int { state.withLock { $0.count } }

    /// Bytes held for floats, codes, keys and the map from key to row.
    package var bytes: Int { state.withLock { $0.bytes } }

    /// How far the graph is; nil when there is to be none.
    package var approximation: ApproximationStatus? {
        keeper.map { keeper in state.withLock { $0.status(keeper.settings) } }
    }

    private func wakeKeeper() { keeper?.wake(self) }

    package func contains(_ key: Int64) -> Bool { state.withLock { $0.row(of: key) != nil } }

    /// The stored floats of a row, segments one after the other and each of length 1 (or zero); nil without such a key.
    package func vector(of key: Int64) -> [Float]? {
        state.withLock { state in state.row(of: key).map(state.values(ofRow:)) }
    }

    func snapshot(of state: IndexState) -> IndexSnapshot {
        IndexSnapshot(
            layout: layout, chunks: state.chunks, blocks: state.blocks, count: state.count, threads: threads,
            instructions: instructions)
    }

    /// The index as it is now, the rows of each list of keys in it, and its graph.
    private func snapshot(listing lists: [[Int64]?]) -> (IndexSnapshot, [RowSet?], GraphView?) {
        state.withLock { state in
            let sets = lists.map { keys in
                keys.map { keys in
                    let rows = RowSet(count: state.count)
                    for row in keys.lazy.compactMap(state.row(of:)) { rows.insert(row) }
                    return rows
                }
            }
            return (snapshot(of: state), sets, state.graphView)
        }
    }
}

// MARK: Writing

extension VectorIndex {
    /// Adds a row, or replaces the one with this key.
    ///
    /// `vector` is every segment's floats one after the other. Each is brought to length 1 (one that has it already to
    /// within rounding keeps its bits); a segment of zeros stays, and its cosine with anything is 0.
    /// - Throws: `wrongLength`, `notFinite`, `full`; the index is then unchanged.
    package func upsert(key: Int64, vector: [Float]) throws(VectorSearchError) {
        try vector.withUnsafeBufferPointer { (floats) throws(VectorSearchError) in
            try upsert(keys: [key], vectors: floats)
        }
    }

    /// Adds or replaces one row after another; `vectors` holds all of them.
    ///
    /// Searches see them appear one slice of 64 at
    /// a time. When one is refused, those before it stay.
    /// - Throws: as ``upsert(key:vector:)``.
    package func upsert(keys: [Int64], vectors: UnsafeBufferPointer<Float>) throws(VectorSearchError) {
        try checkLength(vectors, keys: keys.count)
        guard let base = vectors.baseAddress else { return }
        defer { wakeKeeper() }
        let (floats, width) = (Borrowed(base), layout.dimensions)
        for start in stride(from: 0, to: keys.count, by: 64) {
            try state.withLock { (state) throws(VectorSearchError) in
                for row in start..<min(start + 64, keys.count) {
                    try state.upsert(floats.value + row * width, key: keys[row], instructions: instructions)
                }
            }
        }
    }

    /// Removes a row; false when there is none with this key.
    @discardableResult
    package func remove(_ key: Int64) -> Bool {
        defer { wakeKeeper() }
        return state.withLock { $0.remove(key, instructions: instructions) }
    }

    /// Removes every row.
    package func removeAll() {
        state.withLock { $0 = IndexState(layout: layout) }
    }

    func checkLength(_ vectors: UnsafeBufferPointer<Float>, keys: Int) throws(VectorSearchError) {
        let (expected, overflow) = keys.multipliedReportingOverflow(by: layout.dimensions)
        guard !overflow, vectors.count == expected else {
            throw .wrongLength(expected: overflow ? .max : expected, found: vectors.count)
        }
    }

    /// Adds chunks at once; see ``IndexState/append(_:)``.
    func append(_ chunks: [VectorChunk]) throws(VectorSearchError) -> Bool {
        defer { wakeKeeper() }
        return try state.withLock { (state) throws(VectorSearchError) in try state.append(chunks) }
    }
}

// MARK: Searching

extension VectorIndex {
    /// The best rows for one query.
    ///
    /// - Complexity: one pass over the codes of the segments that have a weight, or a walk of the graph.
    /// - Throws: `unknownSegment`, `wrongLength`, `notFinite`, `weightNotFinite`, `noWeight`, `invalidLimits`.
    package func search(_ query: SearchQuery) throws(VectorSearchError) -> SearchResult {
        try search([query])[0]
    }

    /// The best rows for each of many queries, which share passes over the codes and see the same state.
    ///
    /// - Throws: as ``search(_:)-(SearchQuery)``, when any query is wrong.
    package func search(_ queries: [SearchQuery]) throws(VectorSearchError) -> [SearchResult] {
        var prepared: [PreparedQuery] = []
        for query in queries {
            prepared.append(try PreparedQuery(query, layout: layout, instructions: instructions))
        }
        let lists = queries.map { query -> [Int64]? in
            if case .keys(let keys) = query.filter { keys } else { nil }
        }
        let (snapshot, sets, view) = snapshot(listing: lists)
        guard let view else { return snapshot.search(prepared, sets: sets) }
        var results = walked(prepared, sets: sets, in: snapshot, view: view)
        let rest = results.indices.filter { results[$0] == nil }
        for (index, result) in zip(rest, snapshot.search(rest.map { prepared[$0] }, sets: rest.map { sets[$0] })) {
            results[index] = result
        }
        return results.compactMap { $0 }
    }

    /// What the graph answers; nil for the queries that must scan.
    private func walked(
        _ queries: [PreparedQuery], sets: [RowSet?], in snapshot: IndexSnapshot, view: GraphView
    ) -> [SearchResult?] {
        let next = Atomic<Int>(0)
        let found = Mutex([SearchResult?](repeating: nil, count: queries.count))
        IndexSnapshot.perform(on: min(threads, queries.count)) {
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < queries.count else { return }
                let search = GraphSearch(snapshot: snapshot, view: view, query: queries[index], set: sets[index])
                guard let result = search.result() else { continue }
                found.withLock { $0[index] = result }
            }
        }
        return found.withLock { $0 }
    }
}
