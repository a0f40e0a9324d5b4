// SPDX-License-Identifier: Apache-2.0

package import Vectors

/// An item to be written; it replaces an item of the same id as a whole.
package struct ItemDraft: Sendable {
    package var id: ItemID
    /// Digest of the uploaded bytes.
    package var digest: ContentDigest
    package var metadata: Metadata
    /// The vectors of the collection's spaces, concatenated in their order.
    package var vector: [Float]
    /// A small encoded picture, kept as it is.
    package var thumbnail: [UInt8]?
    /// The uploaded bytes, kept as they are.
    package var original: [UInt8]?
    /// The times of an item that comes from another store; nil for the store's own.
    package var times: ItemTimes?

    package init(
        id: ItemID, digest: ContentDigest, metadata: Metadata = .empty, vector: [Float], thumbnail: [UInt8]? = nil,
        original: [UInt8]? = nil, times: ItemTimes? = nil
    ) {
        self.times = times
        self.id = id
        self.digest = digest
        self.metadata = metadata
        self.vector = vector
        self.thumbnail = thumbnail
        self.original = original
    }
}

/// When an item was first stored and when it was last, in milliseconds since 1970.
package struct ItemTimes: Hashable, Sendable {
    package let created: Int64
    package let updated: Int64

    package init(created: Int64, updated: Int64) {
        (self.created, self.updated) = (created, updated)
    }
}

/// An item as it is stored, without its vector and pictures.
package struct Item: Hashable, Sendable {
    /// The item's number in this file: stays with its id through every upsert, and is never used again.
    package let row: Int64
    package let id: ItemID
    package let digest: ContentDigest
    package let metadata: Metadata
    /// Bytes of the thumbnail, nil without one.
    package let thumbnailBytes: Int?
    /// Bytes of the kept original, nil without one.
    package let originalBytes: Int?
    /// Milliseconds since 1970.
    package let created: Int64
    /// Milliseconds since 1970.
    package let updated: Int64

    package init(
        row: Int64, id: ItemID, digest: ContentDigest, metadata: Metadata, thumbnailBytes: Int?, originalBytes: Int?,
        created: Int64, updated: Int64
    ) {
        self.row = row
        self.id = id
        self.digest = digest
        self.metadata = metadata
        self.thumbnailBytes = thumbnailBytes
        self.originalBytes = originalBytes
        self.created = created
        self.updated = updated
    }

    /// What the collection's count of bytes has for it beside its vector.
    package var bytesBesideVector: Int { metadata.text.utf8.count &+ (thumbnailBytes ?? 0) &+ (originalBytes ?? 0) }
}

/// What an upsert did.
package struct UpsertReceipt: Hashable, Sendable {
    /// The item's row, see ``Item/row``.
    package let row: Int64
    /// False when an item of that id was replaced.
    package let isNew: Bool

    package init(row: Int64, isNew: Bool) {
        self.row = row
        self.isNew = isNew
    }
}

/// One page of a list.
package struct ItemPage: Hashable, Sendable {
    package let items: [Item]
    /// Where the next page starts; nil on the last one.
    package let next: String?

    package init(items: [Item], next: String?) {
        self.items = items
        self.next = next
    }
}
