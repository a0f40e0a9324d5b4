// SPDX-License-Identifier: Apache-2.0

private import Dispatch

/// The whole catalog in one state of the file; use it during the call that it is given to, on that thread.
package struct CatalogSnapshot {
    /// The number of the last commit that it shows, 0 before this process's first.
    package let commit: Int
    /// Every collection, by name.
    package let collections: [CollectionRecord]
    let connection: Connection
    /// Counts the vectors that are handed over; nil where nobody looks.
    var progress: LoadProgress?

    init(commit: Int, collections: [CollectionRecord], connection: Connection, progress: LoadProgress? = nil) {
        self.commit = commit
        self.collections = collections
        self.connection = connection
        self.progress = progress
    }

    /// The collection of that name; throws `noSuchCollection`.
    package func collection(_ name: CollectionName) throws(CatalogError) -> CollectionRecord {
        guard let record = collections.first(where: { $0.definition.name == name }) else { throw .noSuchCollection }
        return record
    }

    /// Calls `body` with each row of a collection and its encoded vector, by ascending row.
    ///
    /// The bytes are valid during the call only. Every vector's length and check are verified; throws `damaged` at the
    /// first that disagrees or when their number does, and what `body` throws ends the pass.
    package func vectors(
        of record: CollectionRecord,
        _ body: (_ row: Int64, _ vector: UnsafeRawBufferPointer) throws(CatalogError) -> Void
    ) throws(CatalogError) {
        var count = 0
        try Self.forEachVector(of: record, on: connection) { (row, bytes) throws(CatalogError) in
            try body(row, bytes)
            count += 1
            if count % 1_024 == 0 { progress?.add(1_024) }
            return true
        }
        progress?.add(count % 1_024)
        guard count == record.items else { throw .damaged(place: "counts") }
    }

    /// Calls `body` with slices of `rows` rows, the last one shorter, and their vectors as floats one after the other, by
    /// ascending row.
    ///
    /// The file is read ahead on another thread while `body` runs, so that filling an index takes the longer of the two.
    /// The floats are valid during the call only. Checks and errors are those of ``vectors(of:_:)``; holds three slices.
    package func slices(
        of record: CollectionRecord, rows: Int,
        _ body: (_ rows: [Int64], _ vectors: UnsafeBufferPointer<Float>) throws(CatalogError) -> Void
    ) throws(CatalogError) {
        precondition(rows > 0, "slices of \(rows) rows")
        let components = record.definition.components
        guard record.vectorBytes < Int.max / rows else { throw .damaged(place: "collections") }
        let relay = VectorRelay(slices: 3, rows: min(rows, max(1, record.items)), components: components)
        Self.read(record, rows: rows, on: SharedConnection(connection), into: relay)
        var isDone = false
        defer { if !isDone { relay.stop() } }
        while let slice = relay.next() {
            try Self.hand(slice, to: body)
            progress?.add(slice.rows.count)
            relay.giveBack(slice)
        }
        isDone = true
        guard let end = relay.end else { preconditionFailure("the reader ended without saying so") }
        guard try end.get() == record.items else { throw .damaged(place: "counts") }
    }

    private static func hand(
        _ slice: VectorSlice,
        to body: (_ rows: [Int64], _ vectors: UnsafeBufferPointer<Float>) throws(CatalogError) -> Void
    ) throws(CatalogError) {
        try slice.floats.withUnsafeBufferPointer { (floats) throws(CatalogError) in
            try body(slice.rows, UnsafeBufferPointer(rebasing: floats[..<(slice.rows.count * slice.components)]))
        }
    }

    /// Reads on a thread of its own; the caller leaves the connection alone until the relay has ended.
    private static func read(
        _ record: CollectionRecord, rows: Int, on connection: SharedConnection, into relay: VectorRelay
    ) {
        DispatchQueue(label: "facet.catalog.read-ahead", qos: .userInitiated).async {
            do throws(CatalogError) {
                let count = try connection.lend { (connection) throws(CatalogError) in
                    try fill(relay, record, rows: min(rows, max(1, record.items)), on: connection)
                }
                relay.finish(.success(count))
            } catch {
                relay.finish(.failure(error))
            }
        }
    }

    private static func fill(
        _ relay: VectorRelay, _ record: CollectionRecord, rows: Int, on connection: Connection
    ) throws(CatalogError) -> Int {
        guard var slice = relay.take() else { return 0 }
        var count = 0
        try forEachVector(of: record, on: connection) { (row, bytes) throws(CatalogError) in
            slice.append(row, bytes, as: record.definition.element)
            count += 1
            guard slice.rows.count == rows else { return true }
            relay.send(slice)
            guard let next = relay.take() else { return false }
            slice = next
            return true
        }
        if !slice.rows.isEmpty { relay.send(slice) }
        return count
    }

    /// Calls `body` with every row, checked, until it returns false.
    private static func forEachVector(
        of record: CollectionRecord, on connection: Connection,
        _ body: (Int64, UnsafeRawBufferPointer) throws(CatalogError) -> Bool
    ) throws(CatalogError) {
        let rows = try connection.prepare(
            """
            SELECT items.row, vectors."check", vectors.bytes
            FROM items INDEXED BY items_by_collection CROSS JOIN vectors ON vectors.row = items.row
            WHERE items.collection = ?1 ORDER BY items.row
            """, [.integer(record.key)])
        defer { rows.reset() }
        while try rows.step() {
            let (row, bytes) = (rows.integer(0), rows.view(2))
            guard bytes.count == record.vectorBytes, Checksum.of(row: row, bytes) == rows.integer(1) else {
                throw .damaged(place: "vectors")
            }
            guard try body(row, bytes) else { return }
        }
    }

    /// Calls `body` with each row of a collection and the canonical text of what its metadata has at `path`, nil for
    /// nothing, by ascending row.
    func values(
        at path: FilterPath, ofCollection key: Int64,
        _ body: (_ row: Int64, _ text: JSONString?) throws(CatalogError) -> Void
    ) throws(CatalogError) {
        let rows = try connection.prepare(
            """
            SELECT row, metadata -> ?2 FROM items INDEXED BY items_by_collection
            WHERE collection = ?1 ORDER BY row
            """, [.integer(key), .text(path.sqlPath)])
        defer { rows.reset() }
        while try rows.step() {
            try body(rows.integer(0), rows.isNull(1) ? nil : JSONString(rows.text(1)))
        }
    }

    /// Calls `body` with each item of a collection, by ascending row; throws as ``vectors(of:_:)`` does.
    package func items(
        of record: CollectionRecord, _ body: (Item) throws(CatalogError) -> Void
    ) throws(CatalogError) {
        let rows = try connection.prepare(
            "SELECT \(ItemRows.columns) FROM items INDEXED BY items_by_collection WHERE collection = ?1 ORDER BY row",
            [.integer(record.key)])
        defer { rows.reset() }
        var count = 0
        while try rows.step() {
            try body(ItemRows.read(rows))
            count += 1
        }
        guard count == record.items else { throw .damaged(place: "counts") }
    }
}
