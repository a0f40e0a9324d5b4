// SPDX-License-Identifier: Apache-2.0

package import Catalog
internal import Vectors

extension PostgresStore {
    private static let recordColumns = """
        c.key, c.name, c.model, c.checkpoint, c.preprocessing, c.spaces, c.element, c.thumbnails, c.created, \
        coalesce(sum(n.items), 0)::bigint, coalesce(sum(n.bytes), 0)::bigint, \
        greatest(c.created, max(n.updated))
        """
    private static let tables = "facet_collections c LEFT JOIN facet_counts n ON n.collection = c.key"

    package func create(
        _ definition: CollectionDefinition, thumbnails: ThumbnailRule?
    ) throws(CatalogError) -> (record: CollectionRecord, isNew: Bool) {
        try definition.validate(limits)
        let insert = Query(
            "create",
            """
            INSERT INTO facet_collections (name, model, checkpoint, preprocessing, spaces, element, thumbnails, created)
            VALUES ($1, $2, $3, $4, $5, $6::smallint, $7, $8) ON CONFLICT (name) DO NOTHING RETURNING key
            """,
            [
                .text(definition.name.text), .text(definition.model.text), .blob(definition.checkpoint.bytes),
                .text(definition.preprocessing), .text(definition.spacesText),
                .integer(Int64(definition.element.rawValue)), .integer(thumbnails?.stored),
                .integer(configuration.clock()),
            ])
        let isNew = try commit(writes: 1) { (loan) throws(CatalogError) in try loan.run(insert).count == 1 }
        let record = try collection(definition.name)
        guard !isNew else { return (record, true) }
        try record.definition.requireMatch(definition)
        guard let thumbnails, thumbnails != record.thumbnails else { return (record, false) }
        _ = try commit(writes: 1) { (loan) throws(CatalogError) in
            try loan.run(
                Query(
                    "rule", "UPDATE facet_collections SET thumbnails = $2 WHERE key = $1",
                    [.integer(record.key), .integer(thumbnails.stored)]))
        }
        return (try collection(definition.name), false)
    }

    package func collection(_ name: CollectionName) throws(CatalogError) -> CollectionRecord {
        let rows = try pool.read { (loan) throws(CatalogError) in try loan.run(Self.collection(name)) }
        guard rows.count == 1 else {
            records.forget(name)
            throw .noSuchCollection
        }
        let record = try Self.record(rows, 0)
        records.keep(record)
        return record
    }

    static func collection(_ name: CollectionName) -> Query {
        Query(
            "collection", "SELECT \(recordColumns) FROM \(tables) WHERE c.name = $1 GROUP BY c.key", [.text(name.text)])
    }

    package func collections() throws(CatalogError) -> [CollectionRecord] {
        let rows = try pool.read { (loan) throws(CatalogError) in
            try loan.run(
                Query(
                    "collections",
                    "SELECT \(Self.recordColumns) FROM \(Self.tables) WHERE c.name IS NOT NULL GROUP BY c.key ORDER BY c.name"
                ))
        }
        var records: [CollectionRecord] = []
        for row in rows.indices { records.append(try Self.record(rows, row)) }
        return records
    }

    static func record(_ rows: Rows, _ row: Int) throws(CatalogError) -> CollectionRecord {
        guard let name = try? CollectionName(rows.text(row, 1)), let model = ModelID(rows.text(row, 2)),
            let checkpoint = ContentDigest(stored: rows.view(row, 3)),
            let spaces = CollectionDefinition.spaces(from: rows.text(row, 5)),
            let element = VectorElement(rawValue: Int(rows.integer(row, 6)))
        else { throw .damaged(place: "collections") }
        return CollectionRecord(
            key: rows.integer(row, 0),
            definition: CollectionDefinition(
                name: name, model: model, checkpoint: checkpoint, spaces: spaces, element: element,
                preprocessing: rows.isNull(row, 4) ? nil : rows.text(row, 4)),
            items: Int(rows.integer(row, 9)), bytes: Int(rows.integer(row, 10)), created: rows.integer(row, 8),
            updated: rows.integer(row, 11),
            thumbnails: rows.isNull(row, 7) ? nil : ThumbnailRule(stored: rows.integer(row, 7)))
    }

    package func deleteCollection(_ name: CollectionName) throws(CatalogError) {
        let rows = try commit(writes: 1) { (loan) throws(CatalogError) in
            try loan.run(
                Query(
                    "abandon", "UPDATE facet_collections SET name = NULL WHERE name = $1 RETURNING key",
                    [.text(name.text)]))
        }
        records.forget(name)
        guard rows.count == 1 else { throw .noSuchCollection }
    }

    package func rename(
        _ name: CollectionName, to new: CollectionName, replacing: Bool
    ) throws(CatalogError) -> CollectionRecord {
        guard new != name else { return try collection(name) }
        try commit(writes: 1) { (loan) throws(CatalogError) in
            // Both rows are locked in the order of their keys, so that two renamings never wait for each other.
            let found = try loan.run([
                .begin,
                Query(
                    "rename-lock",
                    "SELECT key, name FROM facet_collections WHERE name IN ($1, $2) ORDER BY key FOR UPDATE",
                    [.text(name.text), .text(new.text)]),
            ])[1]
            let keys = Dictionary(uniqueKeysWithValues: found.indices.map { (found.text($0, 1), found.integer($0, 0)) })
            do throws(CatalogError) {
                guard let key = keys[name.text] else { throw .noSuchCollection }
                guard replacing || keys[new.text] == nil else { throw .nameTaken }
                let abandon = Query(
                    "rename-abandon", "UPDATE facet_collections SET name = NULL WHERE key = $1",
                    [.integer(keys[new.text] ?? -1)])
                let rename = Query(
                    "rename", "UPDATE facet_collections SET name = $2 WHERE key = $1", [.integer(key), .text(new.text)])
                _ = try loan.run([abandon, rename, .commit])
            } catch {
                if error == .noSuchCollection || error == .nameTaken { _ = try loan.run(Query(once: "ROLLBACK")) }
                throw error
            }
        }
        records.forget(name)
        records.forget(new)
        return try collection(new)
    }

    // MARK: Purging

    private static let itemsOfOneSlice = 1_000

    package func finishDeletions(goesOn: (_ items: Int) -> Bool) throws(CatalogError) {
        var items = 0
        while goesOn(items), let purged = try purgeSlice() { items += purged }
    }

    /// Deletes some items of a deleted collection, and at last the collection; nil when there is none left.
    func purgeSlice() throws(CatalogError) -> Int? {
        let found = try pool.read { (loan) throws(CatalogError) in
            try loan.run(Query("abandoned", "SELECT key FROM facet_collections WHERE name IS NULL LIMIT 1"))
        }
        guard found.count == 1 else { return nil }
        let key = found.integer(0, 0)
        let gone = try commit(writes: 1) { (loan) throws(CatalogError) in
            try loan.run(
                Query(
                    "purge",
                    """
                    DELETE FROM facet_items WHERE collection = $1 AND number IN
                    (SELECT number FROM facet_items WHERE collection = $1 LIMIT \(Self.itemsOfOneSlice)) RETURNING 1
                    """, [.integer(key)])
            ).count
        }
        guard gone < Self.itemsOfOneSlice else { return gone }
        _ = try pool.lend { (loan) throws(CatalogError) in
            try loan.run(Query(once: "DROP INDEX CONCURRENTLY IF EXISTS facet_graph_\(key)"))
        }
        _ = try commit(writes: 1) { (loan) throws(CatalogError) in
            try loan.run(
                Query("purge-collection", "DELETE FROM facet_collections WHERE key = $1", [.integer(key)]))
        }
        return gone
    }
}
