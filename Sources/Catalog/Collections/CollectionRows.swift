// SPDX-License-Identifier: Apache-2.0

package import Vectors

/// The statements on the table of collections, for readers and the writer alike.
enum CollectionRows {
    private static let oldColumns =
        "key, name, model, checkpoint, spaces, element, created, updated, items, bytes, \"check\""
    private static let columns = oldColumns + ", preprocessing, thumbnails"

    /// The columns as the file of a connection has them: one of version 1 may be read without being changed.
    private static func columns(on connection: Connection) -> String {
        connection.schemaVersion >= 2 ? columns : oldColumns + ", NULL, NULL"
    }

    static func find(_ name: CollectionName, on connection: Connection) throws(CatalogError) -> CollectionRecord? {
        try connection.first(
            "SELECT \(columns(on: connection)) FROM collections WHERE name = ?1", [.text(name.text)],
            read: read)
    }

    static func find(key: Int64, on connection: Connection) throws(CatalogError) -> CollectionRecord? {
        try connection.first(
            "SELECT \(columns(on: connection)) FROM collections WHERE key = ?1 AND name IS NOT NULL", [.integer(key)],
            read: read)
    }

    /// Every collection, by name.
    static func all(on connection: Connection) throws(CatalogError) -> [CollectionRecord] {
        try connection.all(
            "SELECT \(columns(on: connection)) FROM collections WHERE name IS NOT NULL ORDER BY name", read: read)
    }

    static func insert(
        _ definition: CollectionDefinition, thumbnails: ThumbnailRule?, now: Int64, on connection: Connection
    ) throws(CatalogError) -> CollectionRecord {
        let key = try connection.first("SELECT ifnull(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'collections'")
        {
            $0.integer(0)
        }
        let record = CollectionRecord(
            key: key ?? 1, definition: definition, items: 0, bytes: 0, created: now, updated: now,
            thumbnails: thumbnails)
        try connection.run(
            "INSERT INTO collections (\(columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            [
                .integer(record.key), .text(definition.name.text), .text(definition.model.text),
                .blob(definition.checkpoint.bytes), .text(definition.spacesText),
                .integer(Int64(definition.element.rawValue)), .integer(now), .integer(now), .integer(0), .integer(0),
                .integer(check(of: record)), definition.preprocessing.map { .text($0) } ?? .null,
                thumbnails.map { .integer($0.stored) } ?? .null,
            ])
        return record
    }

    /// Writes the counts and the rule of `record`, which stands for the row of its key.
    static func update(_ record: CollectionRecord, on connection: Connection) throws(CatalogError) {
        try connection.run(
            "UPDATE collections SET updated = ?2, items = ?3, bytes = ?4, \"check\" = ?5, thumbnails = ?6 WHERE key = ?1",
            [
                .integer(record.key), .integer(record.updated), .integer(Int64(record.items)),
                .integer(Int64(record.bytes)), .integer(check(of: record)),
                record.thumbnails.map { .integer($0.stored) } ?? .null,
            ])
    }

    /// Takes the name away: readers no longer find the collection, and its items wait for the purge.
    static func abandon(key: Int64, on connection: Connection) throws(CatalogError) {
        try connection.run("UPDATE collections SET name = NULL WHERE key = ?1", [.integer(key)])
    }

    /// Gives the row another name, which no other row has.
    static func rename(
        _ record: CollectionRecord, to name: CollectionName, on connection: Connection
    ) throws(CatalogError) -> CollectionRecord {
        let renamed = CollectionRecord(
            key: record.key,
            definition: record.definition.with(name: name, preprocessing: record.definition.preprocessing),
            items: record.items, bytes: record.bytes, created: record.created, updated: record.updated,
            thumbnails: record.thumbnails)
        try connection.run(
            "UPDATE collections SET name = ?2, \"check\" = ?3 WHERE key = ?1",
            [.integer(record.key), .text(name.text), .integer(check(of: renamed))])
        return renamed
    }

    private static func check(of record: CollectionRecord) -> Int64 {
        var check = Checksum()
        check.add(record.key)
        check.add(record.definition.name.text)
        check.add(record.definition.model.text)
        check.add(record.definition.checkpoint.bytes)
        check.add(record.definition.spacesText)
        check.add(Int64(record.definition.element.rawValue))
        check.add(record.created)
        check.add(record.updated)
        check.add(Int64(record.items))
        check.add(Int64(record.bytes))
        if let preprocessing = record.definition.preprocessing { check.add(preprocessing) }
        if let thumbnails = record.thumbnails { check.add(thumbnails.stored &+ 1) }
        return check.value
    }

    private static func read(_ row: Statement) throws(CatalogError) -> CollectionRecord {
        guard let name = try? CollectionName(row.text(1)), let model = ModelID(row.text(2)),
            let checkpoint = ContentDigest(stored: row.view(3)),
            let spaces = CollectionDefinition.spaces(from: row.text(4)),
            let element = VectorElement(rawValue: Int(row.integer(5)))
        else { throw .damaged(place: "collections") }
        let definition = CollectionDefinition(
            name: name, model: model, checkpoint: checkpoint, spaces: spaces, element: element,
            preprocessing: row.isNull(11) ? nil : row.text(11))
        let thumbnails = row.isNull(12) ? nil : ThumbnailRule(stored: row.integer(12))
        guard row.isNull(12) || thumbnails != nil else { throw .damaged(place: "collections") }
        let record = CollectionRecord(
            key: row.integer(0), definition: definition, items: Int(row.integer(8)), bytes: Int(row.integer(9)),
            created: row.integer(6), updated: row.integer(7), thumbnails: thumbnails)
        guard check(of: record) == row.integer(10) else { throw .damaged(place: "collections") }
        return record
    }
}

extension ContentDigest {
    /// The digest whose 32 bytes a row holds; nil for another number of bytes.
    package init?(stored bytes: UnsafeRawBufferPointer) {
        let digits = Array("0123456789abcdef".utf8)
        var text = Array("sha256:".utf8)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        self.init(String(decoding: text, as: UTF8.self))
    }
}
