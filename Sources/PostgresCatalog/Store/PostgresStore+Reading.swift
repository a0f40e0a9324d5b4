// SPDX-License-Identifier: Apache-2.0

package import Catalog
internal import Vectors

extension PostgresStore {
    static let columns =
        "i.number, i.id, i.digest, i.metadata::text, i.thumbnail, i.original, i.created, i.updated"

    static func item(_ rows: Rows, _ row: Int, from column: Int = 0) throws(CatalogError) -> Item {
        guard let digest = ContentDigest(stored: rows.view(row, column + 2)) else { throw .damaged(place: "items") }
        func size(_ place: Int) -> Int? {
            let bytes = rows.integer(row, column + place)
            return bytes < 0 ? nil : Int(bytes)
        }
        // The server keeps values, not the text: numbers and keys come back in its own spelling and order.
        let metadata: JSONValue
        do { metadata = try JSONValue(rows.bytes(row, column + 3), depth: 128, size: .max) } catch {
            throw .damaged(place: "metadata")
        }
        return Item(
            row: rows.integer(row, column), id: ItemID(stored: rows.text(row, column + 1)), digest: digest,
            metadata: Metadata(stored: metadata.canonicalText), thumbnailBytes: size(4), originalBytes: size(5),
            created: rows.integer(row, column + 6), updated: rows.integer(row, column + 7))
    }

    /// One row of the collection's name joined with one item, read by `columns`; throws `noSuchCollection`, `noSuchItem`.
    private func one(
        _ statement: String, _ columns: String, join: String = "", _ id: ItemID, in name: CollectionName
    ) throws(CatalogError) -> Rows {
        let rows = try pool.read { (loan) throws(CatalogError) in
            try loan.run(
                Query(
                    statement,
                    """
                    SELECT i.number, \(columns) FROM facet_collections c
                    LEFT JOIN facet_items i ON i.collection = c.key AND i.id = $2 \(join) WHERE c.name = $1
                    """, [.text(name.text), .text(id.text)]))
        }
        guard rows.count == 1 else { throw .noSuchCollection }
        guard !rows.isNull(0, 0) else { throw .noSuchItem }
        return rows
    }

    package func item(_ id: ItemID, in name: CollectionName) throws(CatalogError) -> Item {
        try Self.item(one("item", Self.columns, id, in: name), 0, from: 1)
    }

    package func items(rows: [Int64], in name: CollectionName) throws(CatalogError) -> [Item?] {
        let record = try collection(name)
        let found = try pool.read { (loan) throws(CatalogError) in
            try loan.run(
                Query(
                    "items", "SELECT \(Self.columns) FROM facet_items i WHERE collection = $1 AND number = ANY($2)",
                    [.integer(record.key), .integers(rows)]))
        }
        var items: [Int64: Item] = [:]
        for row in found.indices { items[found.integer(row, 0)] = try Self.item(found, row) }
        return rows.map { items[$0] }
    }

    package func vector(of id: ItemID, in name: CollectionName) throws(CatalogError) -> [Float] {
        let rows = try one("vector", "i.single, i.half, i.raw, c.element", id, in: name)
        return Self.vector(rows, 0, from: 1)
    }

    /// The vector as it came, out of the columns `single, half, raw, element`.
    static func vector(_ rows: Rows, _ row: Int, from column: Int) -> [Float] {
        let element = VectorElement(rawValue: Int(rows.integer(row, column + 3))) ?? .float32
        guard rows.isNull(row, column + 2) else { return VectorCoding.decode(rows.view(row, column + 2), as: element) }
        let isHalf = element == .float16
        return rows.vector(row, isHalf ? column + 1 : column, isHalf: isHalf)
    }

    package func vectors(of ids: [ItemID], in name: CollectionName) throws(CatalogError) -> [[Float]?] {
        let record = try collection(name)
        let found = try pool.read { (loan) throws(CatalogError) in
            try loan.run(
                Query(
                    "vectors",
                    """
                    SELECT id, single, half, raw, $3::bigint FROM facet_items WHERE collection = $1 AND id = ANY($2)
                    """,
                    [
                        .integer(record.key), .texts(ids.map(\.text)),
                        .integer(Int64(record.definition.element.rawValue)),
                    ]))
        }
        var vectors: [ItemID: [Float]] = [:]
        for row in found.indices { vectors[ItemID(stored: found.text(row, 0))] = Self.vector(found, row, from: 1) }
        return ids.map { vectors[$0] }
    }

    package func thumbnail(of id: ItemID, in name: CollectionName) throws(CatalogError) -> [UInt8]? {
        try picture("facet_thumbnails", id, in: name)
    }

    package func original(of id: ItemID, in name: CollectionName) throws(CatalogError) -> [UInt8]? {
        try picture("facet_originals", id, in: name)
    }

    private func picture(_ table: String, _ id: ItemID, in name: CollectionName) throws(CatalogError) -> [UInt8]? {
        let rows = try one(
            "get-\(table)", "p.bytes", join: "LEFT JOIN \(table) p ON p.collection = i.collection AND p.id = i.id", id,
            in: name)
        return rows.isNull(0, 1) ? nil : rows.bytes(0, 1)
    }

    package func list(
        _ name: CollectionName, after cursor: String?, limit: Int, filter: Filter
    ) throws(CatalogError) -> ItemPage {
        guard (1...limits.batchItems).contains(limit) else {
            throw .tooLarge(what: "limit", limit: limits.batchItems, found: limit)
        }
        let record = try collection(name)
        let start = try ListCursor(cursor, collection: record.key)
        let condition = FilterCondition(
            filter, after: [.integer(record.key), .integer(start.row), .integer(Int64(limit) + 1)])
        let rows = try pool.read { (loan) throws(CatalogError) in
            try loan.run(
                Query(
                    filter == .everything ? "list" : "",
                    """
                    SELECT \(Self.columns) FROM facet_items i
                    WHERE collection = $1 AND number > $2 AND \(condition.text) ORDER BY number LIMIT $3
                    """, condition.values))
        }
        var items: [Item] = []
        for row in rows.indices.prefix(limit) { items.append(try Self.item(rows, row)) }
        let next = rows.count > limit ? items.last.map { ListCursor(row: $0.row, collection: record.key).text } : nil
        return ItemPage(items: items, next: next)
    }

    package func count(_ name: CollectionName, filter: Filter) throws(CatalogError) -> Int {
        let record = try collection(name)
        if filter == .everything { return record.items }
        let condition = FilterCondition(filter, after: [.integer(record.key)])
        let rows = try pool.read { (loan) throws(CatalogError) in
            try loan.run(
                Query(
                    once: "SELECT count(*) FROM facet_items WHERE collection = $1 AND \(condition.text)",
                    condition.values))
        }
        return Int(rows.integer(0, 0))
    }

    package func rows(_ name: CollectionName, matching filter: Filter) throws(CatalogError) -> [Int64] {
        let record = try collection(name)
        let condition = FilterCondition(filter, after: [.integer(record.key)])
        let rows = try pool.read { (loan) throws(CatalogError) in
            try loan.run(
                Query(
                    once: "SELECT number FROM facet_items WHERE collection = $1 AND \(condition.text) ORDER BY number",
                    condition.values))
        }
        return rows.indices.map { rows.integer($0, 0) }
    }
}
