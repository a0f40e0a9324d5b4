// SPDX-License-Identifier: Apache-2.0

internal import Vectors

extension CatalogStore {
    /// Reads inside one transaction with the collection at hand; throws `noSuchCollection`.
    private func read<Value: Sendable>(
        _ name: CollectionName, _ body: (Connection, CollectionRecord) throws(CatalogError) -> Value
    ) throws(CatalogError) -> Value {
        try readers.read { (connection) throws(CatalogError) in
            try body(connection, Self.find(name, on: connection))
        }
    }

    /// Reads something of one item; throws `noSuchItem`.
    private func read<Value: Sendable>(
        _ id: ItemID, in name: CollectionName,
        _ body: (Connection, CollectionRecord, Item) throws(CatalogError) -> Value
    ) throws(CatalogError) -> Value {
        try read(name) { (connection, record) throws(CatalogError) in
            guard let item = try ItemRows.find(id, in: record.key, on: connection) else { throw .noSuchItem }
            return try body(connection, record, item)
        }
    }

    /// An item without its vector and pictures; throws `noSuchCollection` and `noSuchItem`.
    package func item(_ id: ItemID, in name: CollectionName) throws(CatalogError) -> Item {
        try read(id, in: name) { (_, _, item) throws(CatalogError) in item }
    }

    /// The items of those rows, in that order; nil for a row that is not there.
    package func items(rows: [Int64], in name: CollectionName) throws(CatalogError) -> [Item?] {
        try read(name) { (connection, record) throws(CatalogError) in
            var items: [Item?] = []
            for row in rows { items.append(try ItemRows.find(row: row, in: record.key, on: connection)) }
            return items
        }
    }

    /// An item's vector over all spaces, as it was stored.
    package func vector(of id: ItemID, in name: CollectionName) throws(CatalogError) -> [Float] {
        try read(id, in: name) { (connection, record, item) throws(CatalogError) in
            guard let bytes = try BlobTable.vectors.get(row: item.row, on: connection),
                bytes.count == record.vectorBytes
            else { throw .damaged(place: "vectors") }
            return bytes.withUnsafeBytes { VectorCoding.decode($0, as: record.definition.element) }
        }
    }

    /// An item's thumbnail, nil without one.
    package func thumbnail(of id: ItemID, in name: CollectionName) throws(CatalogError) -> [UInt8]? {
        try read(id, in: name) { (connection, _, item) throws(CatalogError) in
            try Self.blob(.thumbnails, of: item, count: item.thumbnailBytes, on: connection)
        }
    }

    /// The uploaded bytes where they were kept, else nil.
    package func original(of id: ItemID, in name: CollectionName) throws(CatalogError) -> [UInt8]? {
        try read(id, in: name) { (connection, _, item) throws(CatalogError) in
            try Self.blob(.originals, of: item, count: item.originalBytes, on: connection)
        }
    }

    private static func blob(
        _ table: BlobTable, of item: Item, count: Int?, on connection: Connection
    ) throws(CatalogError) -> [UInt8]? {
        let bytes = try table.get(row: item.row, on: connection)
        guard bytes?.count == count else { throw .damaged(place: table.rawValue) }
        return bytes
    }

    /// One page of a collection's items, in the order of their first insertion.
    ///
    /// `cursor` is a page's `next`; items inserted meanwhile come last, deleted ones are left out, no item comes twice.
    /// Throws `invalidCursor`, `tooLarge` for a limit outside 1 ... `batchItems`, `noSuchCollection`.
    package func list(
        _ name: CollectionName, after cursor: String? = nil, limit: Int = 100, filter: Filter = .everything
    ) throws(CatalogError) -> ItemPage {
        guard (1...limits.batchItems).contains(limit) else {
            throw .tooLarge(what: "limit", limit: limits.batchItems, found: limit)
        }
        return try read(name) { (connection, record) throws(CatalogError) in
            let start = try ListCursor(cursor, collection: record.key)
            let condition = FilterSQL(
                filter, after: [.integer(record.key), .integer(start.row), .integer(Int64(limit) + 1)])
            let items = try connection.allOnce(
                """
                SELECT \(ItemRows.columns) FROM items INDEXED BY items_by_collection
                WHERE collection = ?1 AND row > ?2 AND \(condition.text) ORDER BY row LIMIT ?3
                """, condition.values, read: ItemRows.read)
            let page = Array(items.prefix(limit))
            let next =
                items.count > limit ? page.last.map { ListCursor(row: $0.row, collection: record.key).text } : nil
            return ItemPage(items: page, next: next)
        }
    }

    /// Items of a collection that meet the filter; without one the kept count, else one pass over the metadata.
    package func count(_ name: CollectionName, filter: Filter = .everything) throws(CatalogError) -> Int {
        try read(name) { (connection, record) throws(CatalogError) in
            if filter == .everything { return record.items }
            let condition = FilterSQL(filter, after: [.integer(record.key)])
            let counts = try connection.allOnce(
                "SELECT count(*) FROM items WHERE collection = ?1 AND \(condition.text)", condition.values
            ) { $0.integer(0) }
            return Int(counts.first ?? 0)
        }
    }

    /// Rows of the items that meet the filter, ascending; one pass over the metadata.
    package func rows(_ name: CollectionName, matching filter: Filter) throws(CatalogError) -> [Int64] {
        try read(name) { (connection, record) throws(CatalogError) in
            let condition = FilterSQL(filter, after: [.integer(record.key)])
            return try connection.allOnce(
                """
                SELECT row FROM items INDEXED BY items_by_collection
                WHERE collection = ?1 AND \(condition.text) ORDER BY row
                """, condition.values
            ) { $0.integer(0) }
        }
    }
}
