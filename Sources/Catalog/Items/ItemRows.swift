// SPDX-License-Identifier: Apache-2.0

internal import Vectors

/// The statements on the table of items.
enum ItemRows {
    static let columns = "row, collection, id, digest, metadata, thumbnail, original, created, updated, \"check\""

    static func find(_ id: ItemID, in key: Int64, on connection: Connection) throws(CatalogError) -> Item? {
        let item = try connection.first(
            "SELECT \(columns) FROM items WHERE collection = ?1 AND id = ?2", [.integer(key), .text(id.text)],
            read: read)
        // A damaged index may lead to another item's row.
        guard item == nil || item?.id == id else { throw .damaged(place: "items") }
        return item
    }

    static func find(row: Int64, in key: Int64, on connection: Connection) throws(CatalogError) -> Item? {
        try connection.first(
            "SELECT \(columns) FROM items WHERE row = ?1 AND collection = ?2", [.integer(row), .integer(key)],
            read: read)
    }

    static func nextRow(on connection: Connection) throws(CatalogError) -> Int64 {
        let last = try connection.first("SELECT max(seq) FROM sqlite_sequence WHERE name = 'items'") { $0.integer(0) }
        guard let last, (0..<Int64.max).contains(last) else { throw .damaged(place: "sqlite_sequence") }
        return last + 1
    }

    static func insert(_ item: Item, in key: Int64, on connection: Connection) throws(CatalogError) {
        try connection.run(
            "INSERT INTO items (\(columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)", values(of: item, in: key)
        )
    }

    static func update(_ item: Item, in key: Int64, on connection: Connection) throws(CatalogError) {
        try connection.run(
            """
            UPDATE items SET collection = ?2, id = ?3, digest = ?4, metadata = ?5, thumbnail = ?6, original = ?7,
            created = ?8, updated = ?9, "check" = ?10 WHERE row = ?1
            """, values(of: item, in: key))
    }

    static func delete(row: Int64, on connection: Connection) throws(CatalogError) {
        try connection.run("DELETE FROM items WHERE row = ?1", [.integer(row)])
    }

    private static func values(of item: Item, in key: Int64) -> [SQLValue] {
        [
            .integer(item.row), .integer(key), .text(item.id.text), .blob(item.digest.bytes),
            .text(item.metadata.text), .integer(size(item.thumbnailBytes)), .integer(size(item.originalBytes)),
            .integer(item.created), .integer(item.updated), .integer(check(of: item, in: key)),
        ]
    }

    /// Sizes are stored with -1 for "none".
    private static func size(_ bytes: Int?) -> Int64 { bytes.map { Int64($0) } ?? -1 }
    private static func size(_ stored: Int64) -> Int? { stored < 0 ? nil : Int(stored) }

    private static func check(of item: Item, in key: Int64) -> Int64 {
        var check = Checksum()
        check.add(item.row)
        check.add(key)
        check.add(item.id.text)
        check.add(item.digest.bytes)
        check.add(item.metadata.text)
        check.add(size(item.thumbnailBytes))
        check.add(size(item.originalBytes))
        check.add(item.created)
        check.add(item.updated)
        return check.value
    }

    /// Reads ``columns``; throws ``CatalogError/damaged(place:)`` when the row's check disagrees.
    static func read(_ row: Statement) throws(CatalogError) -> Item {
        guard let digest = ContentDigest(stored: row.view(3)) else { throw .damaged(place: "items") }
        let item = Item(
            row: row.integer(0), id: ItemID(stored: row.text(2)), digest: digest,
            metadata: Metadata(stored: row.text(4)), thumbnailBytes: size(row.integer(5)),
            originalBytes: size(row.integer(6)), created: row.integer(7), updated: row.integer(8))
        guard check(of: item, in: row.integer(1)) == row.integer(9) else { throw .damaged(place: "items") }
        return item
    }
}

/// The tables that hold one blob a row, each with its check.
enum BlobTable: String, CaseIterable {
    case vectors
    case thumbnails
    case originals

    func put(_ bytes: [UInt8], row: Int64, on connection: Connection) throws(CatalogError) {
        let check = bytes.withUnsafeBytes { Checksum.of(row: row, $0) }
        try connection.run(
            "INSERT INTO \(rawValue) (row, \"check\", bytes) VALUES (?1, ?2, ?3) ON CONFLICT (row) DO UPDATE SET \"check\" = ?2, bytes = ?3",
            [.integer(row), .integer(check), .blob(bytes)])
    }

    func delete(row: Int64, on connection: Connection) throws(CatalogError) {
        try connection.run("DELETE FROM \(rawValue) WHERE row = ?1", [.integer(row)])
    }

    func get(row: Int64, on connection: Connection) throws(CatalogError) -> [UInt8]? {
        let place = rawValue
        return try connection.first(
            "SELECT \"check\", bytes FROM \(place) WHERE row = ?1", [.integer(row)]
        ) { found throws(CatalogError) in
            let bytes = found.bytes(1)
            guard bytes.withUnsafeBytes({ Checksum.of(row: row, $0) }) == found.integer(0) else {
                throw .damaged(place: place)
            }
            return bytes
        }
    }
}
