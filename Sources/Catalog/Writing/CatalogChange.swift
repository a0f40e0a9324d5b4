// SPDX-License-Identifier: Apache-2.0

/// One thing that a commit changed.
package enum CatalogChange: Sendable, Equatable {
    /// A collection is there, without items.
    case collectionCreated(CollectionRecord)
    /// Every row of the collection is gone with it.
    case collectionDeleted(key: Int64)
    /// A collection has another name; its rows are as they were.
    case collectionRenamed(CollectionRecord)
    /// An item is new or was replaced; `vector` is encoded as the collection's element type says.
    case upserted(collection: Int64, item: Item, vector: [UInt8])
    /// An item is gone.
    case deleted(collection: Int64, row: Int64)
}

/// The changes of one transaction, in the order in which they were made.
package struct CatalogCommit: Sendable, Equatable {
    /// Grows by one with every commit of this process.
    package let number: Int
    package let changes: [CatalogChange]
}
