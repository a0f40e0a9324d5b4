// SPDX-License-Identifier: Apache-2.0

/// What the index's lock guards: the rows, and where each key is.
///
/// Rows are dense: row r is in chunk r / 256. A search takes the array of chunks and reads on without the lock; a write
/// to a chunk that a search still holds goes to a copy.
struct IndexState: Sendable {
    let layout: VectorLayout
    private(set) var chunks: [VectorChunk] = []
    private(set) var count = 0
    private var map = RowMap()
    /// Where each chunk's blocks are, for the graph.
    private(set) var blocks: [Borrowed<UnsafePointer<UInt8>>] = []
    var work: GraphWork?

    init(layout: VectorLayout) {
        self.layout = layout
    }

    private static let rows = VectorChunk.maximumRows

    /// Bytes held in chunks, in their arrays, in the map and in the graph.
    var bytes: Int {
        chunks.reduce(0) { $0 + $1.bytes } + chunks.capacity * MemoryLayout<VectorChunk>.stride * 2 + map.bytes
            + (work?.graph.bytes(rows: count) ?? 0)
    }

    /// Tells keys by row.
    ///
    /// It holds the chunks only: a copy of the whole state would make the map copy itself on a write.
    private var keys: (Int) -> Int64 {
        { [chunks] row in chunks[row / Self.rows].keys[row % Self.rows] }
    }

    func row(of key: Int64) -> Int? {
        map.row(of: key, keyOf: keys)
    }

    func values(ofRow row: Int) -> [Float] {
        Array(chunks[row / Self.rows].row(row % Self.rows))
    }

    /// Adds the row or puts it in the place of the one with its key; nothing changes when it throws.
    mutating func upsert(
        _ vector: UnsafePointer<Float>, key: Int64, instructions: ScanInstructions
    ) throws(VectorSearchError) {
        guard Self.isFinite(vector, layout.dimensions) else { throw .notFinite }
        let old = row(of: key)
        let row = old ?? count
        guard row < UInt32.max else { throw .full }
        let chunk = writable(row / Self.rows, index: row % Self.rows)
        _ = chunk.write(vector, key: key, at: row % Self.rows, instructions: instructions)
        work?.touch(row)
        guard old == nil else { return }
        count += 1
        map.insert(key, row: row, keyOf: keys)
    }

    /// Removes a row, whose place the last row takes; false when there is none with this key.
    mutating func remove(_ key: Int64, instructions: ScanInstructions) -> Bool {
        guard let row = row(of: key) else { return false }
        map.remove(key, row: row, keyOf: keys)
        let last = count - 1
        let tail = writable(last / Self.rows, index: last % Self.rows)
        if row != last, let moved = tail.row(last % Self.rows).baseAddress {
            let movedKey = tail.keys[last % Self.rows]
            map.move(movedKey, from: last, to: row)
            let chunk = row / Self.rows == last / Self.rows ? tail : writable(row / Self.rows, index: row % Self.rows)
            _ = chunk.write(moved, key: movedKey, at: row % Self.rows, instructions: instructions)
        }
        tail.removeLast()
        count = last
        if tail.count == 0 { drop(chunks: 1) }
        work?.touch(row)
        if row != last { work?.touch(last) }
        work?.shrink(to: count)
        return true
    }

    /// Appends whole chunks when every one before is full and no key is known yet; otherwise changes nothing.
    ///
    /// Returns whether it did. Only the last of `new` may have room left.
    mutating func append(_ new: [VectorChunk]) throws(VectorSearchError) -> Bool {
        guard count % Self.rows == 0 else { return false }
        let added = new.reduce(0) { $0 + $1.count }
        guard count + added < UInt32.max else { throw .full }
        if count > 0 {
            let known = keys
            for chunk in new {
                for row in 0..<chunk.count where map.row(of: chunk.keys[row], keyOf: known) != nil { return false }
            }
        }
        let (oldMap, oldCount) = (map, chunks.count)
        chunks += new
        blocks += new.map { Borrowed(UnsafePointer($0.blocks)) }
        let all = keys
        map.reserve(count + added, keyOf: all)
        var row = count
        for chunk in new {
            for index in 0..<chunk.count {
                let key = chunk.keys[index]
                guard map.row(of: key, keyOf: all) == nil else {
                    map = oldMap
                    drop(chunks: chunks.count - oldCount)
                    throw .duplicateKey(key)
                }
                map.insert(key, row: row, keyOf: all)
                row += 1
            }
        }
        if work != nil { for added in count..<row { work?.touch(added) } }
        count = row
        return true
    }

    /// A chunk that nobody else holds, with room for a row at `index`; the one after the last is made.
    private mutating func writable(_ number: Int, index: Int) -> VectorChunk {
        if number == chunks.count {
            let first = number == 0 ? VectorChunk.blockRows : Self.rows
            chunks.append(VectorChunk(layout: layout, capacity: first))
            blocks.append(Borrowed(UnsafePointer(chunks[number].blocks)))
            return chunks[number]
        }
        let unshared = isKnownUniquelyReferenced(&chunks[number])
        let room = chunks[number].capacity
        if unshared && index < room { return chunks[number] }
        chunks[number] = chunks[number].copy(capacity: index < room ? room : min(Self.rows, room * 2))
        blocks[number] = Borrowed(UnsafePointer(chunks[number].blocks))
        return chunks[number]
    }

    private mutating func drop(chunks gone: Int) {
        chunks.removeLast(gone)
        blocks.removeLast(gone)
    }

    private static func isFinite(_ vector: UnsafePointer<Float>, _ count: Int) -> Bool {
        UnitLength.squaredLength(UnsafeBufferPointer(start: vector, count: count)).isFinite
    }
}
