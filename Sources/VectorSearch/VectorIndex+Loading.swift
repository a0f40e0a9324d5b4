// SPDX-License-Identifier: Apache-2.0

private import Synchronization

extension VectorIndex {
    /// Adds many rows at once, on all threads: the way to fill an index at start-up.
    ///
    /// While every key is new and the rows before are a multiple of 256, the work is done without the lock and the rows
    /// appear all together; otherwise as ``upsert(keys:vectors:)``. So load in slices of a multiple of 256 rows.
    /// - Throws: `wrongLength`, `notFinite`, `duplicateKey` (nothing was added), `full`.
    package func load(keys: [Int64], vectors: UnsafeBufferPointer<Float>) throws(VectorSearchError) {
        try checkLength(vectors, keys: keys.count)
        guard let base = vectors.baseAddress, !keys.isEmpty else { return }
        if count % VectorChunk.maximumRows == 0 {
            let chunks = try chunks(keys: keys, vectors: Borrowed(base))
            if try append(chunks) { return }
        }
        try upsert(keys: keys, vectors: vectors)
    }

    private func chunks(
        keys: [Int64], vectors: Borrowed<UnsafePointer<Float>>
    ) throws(VectorSearchError) -> [VectorChunk] {
        let rows = VectorChunk.maximumRows
        let total = (keys.count + rows - 1) / rows
        let next = Atomic<Int>(0)
        let failed = Atomic<Bool>(false)
        let made = Mutex([VectorChunk?](repeating: nil, count: total))
        IndexSnapshot.perform(on: min(threads, total)) {
            while !failed.load(ordering: .relaxed) {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard number < total else { return }
                let part = number * rows..<min((number + 1) * rows, keys.count)
                guard let chunk = chunk(rows: part, keys, vectors) else {
                    return failed.store(true, ordering: .relaxed)
                }
                made.withLock { $0[number] = chunk }
            }
        }
        guard !failed.load(ordering: .relaxed) else { throw .notFinite }
        return made.withLock { $0.compactMap { $0 } }
    }

    /// A chunk with these rows, or nil when a component is not finite.
    private func chunk(
        rows: Range<Int>, _ keys: [Int64], _ vectors: Borrowed<UnsafePointer<Float>>
    ) -> VectorChunk? {
        let blocks = (rows.count + VectorChunk.blockRows - 1) / VectorChunk.blockRows
        let chunk = VectorChunk(layout: layout, capacity: blocks * VectorChunk.blockRows)
        for row in rows {
            let vector = vectors.value + row * layout.dimensions
            guard chunk.write(vector, key: keys[row], at: row - rows.lowerBound, instructions: instructions) else {
                return nil
            }
        }
        return chunk
    }
}
