// SPDX-License-Identifier: Apache-2.0

extension CatalogSnapshot {
    /// The item of that id without its vector and pictures; throws `noSuchItem`.
    package func item(_ id: ItemID, of record: CollectionRecord) throws(CatalogError) -> Item {
        guard let item = try ItemRows.find(id, in: record.key, on: connection) else { throw .noSuchItem }
        return item
    }

    /// The item in that row of the collection; nil where there is none.
    package func item(row: Int64, of record: CollectionRecord) throws(CatalogError) -> Item? {
        try ItemRows.find(row: row, in: record.key, on: connection)
    }

    /// The item's small picture, as it is kept; nil without one.
    package func thumbnail(of item: Item) throws(CatalogError) -> [UInt8]? {
        let bytes = try BlobTable.thumbnails.get(row: item.row, on: connection)
        guard bytes?.count == item.thumbnailBytes else { throw .damaged(place: "thumbnails") }
        return bytes
    }
}
