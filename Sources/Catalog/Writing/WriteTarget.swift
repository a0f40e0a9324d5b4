// SPDX-License-Identifier: Apache-2.0

/// One collection inside a transaction: its writes and, at the end, its counts.
struct WriteTarget {
    private let scope: WriteScope
    private let record: CollectionRecord
    private var items: Int
    private var bytes: Int
    private var isChanged = false

    private var connection: Connection { scope.connection }

    /// Throws `noSuchCollection`.
    init(_ name: CollectionName, _ scope: WriteScope) throws(CatalogError) {
        self.scope = scope
        record = try CatalogStore.find(name, on: scope.connection)
        items = record.items
        bytes = record.bytes
    }

    /// Throws `noSuchCollection` when the collection was deleted and made anew since the item was prepared.
    mutating func upsert(_ item: PreparedItem) throws(CatalogError) -> UpsertReceipt {
        guard item.definition == record.definition else { throw .noSuchCollection }
        let known = try ItemRows.find(item.draft.id, in: record.key, on: connection)
        let row: Int64
        if let known { row = known.row } else { row = try ItemRows.nextRow(on: connection) }
        let stored = Item(
            row: row, id: item.draft.id, digest: item.draft.digest, metadata: item.draft.metadata,
            thumbnailBytes: item.draft.thumbnail?.count, originalBytes: item.draft.original?.count,
            created: item.draft.times?.created ?? known?.created ?? scope.now,
            updated: item.draft.times?.updated ?? scope.now)
        if let known {
            try ItemRows.update(stored, in: record.key, on: connection)
            bytes &-= size(of: known)
        } else {
            try ItemRows.insert(stored, in: record.key, on: connection)
            items &+= 1
        }
        try BlobTable.vectors.put(item.vector, row: row, on: connection)
        try put(item.draft.thumbnail, in: .thumbnails, row: row, before: known?.thumbnailBytes)
        try put(item.draft.original, in: .originals, row: row, before: known?.originalBytes)
        bytes &+= size(of: stored)
        isChanged = true
        scope.report(.upserted(collection: record.key, item: stored, vector: item.vector))
        return UpsertReceipt(row: row, isNew: known == nil)
    }

    private func put(
        _ blob: [UInt8]?, in table: BlobTable, row: Int64, before: Int?
    ) throws(CatalogError) {
        if let blob {
            try table.put(blob, row: row, on: connection)
        } else if before != nil {
            try table.delete(row: row, on: connection)
        }
        if let before, before > (blob?.count ?? 0) { scope.reportFreedPages() }
    }

    /// Whether the item was there.
    mutating func delete(_ id: ItemID) throws(CatalogError) -> Bool {
        guard let known = try ItemRows.find(id, in: record.key, on: connection) else { return false }
        try ItemRows.delete(row: known.row, on: connection)
        isChanged = true
        items &-= 1
        bytes &-= size(of: known)
        scope.report(.deleted(collection: record.key, row: known.row))
        scope.reportFreedPages()
        return true
    }

    /// Writes the counts, if anything changed.
    func finish() throws(CatalogError) {
        guard isChanged else { return }
        let after = CollectionRecord(
            key: record.key, definition: record.definition, items: items, bytes: bytes, created: record.created,
            updated: scope.now, thumbnails: record.thumbnails)
        try CollectionRows.update(after, on: connection)
    }

    private func size(of item: Item) -> Int { record.vectorBytes &+ item.bytesBesideVector }
}
