// SPDX-License-Identifier: Apache-2.0

internal import Vectors

/// A draft whose vector is encoded for the collection as it was when the call came.
struct PreparedItem: Sendable {
    let draft: ItemDraft
    let definition: CollectionDefinition
    let vector: [UInt8]

    /// About how many bytes its write takes.
    var bytes: Int {
        vector.count + draft.metadata.text.utf8.count + (draft.thumbnail?.count ?? 0) + (draft.original?.count ?? 0)
            + 500
    }
}

/// A batch of which some items may have been refused already.
struct PreparedBatch: Sendable {
    let items: [Result<PreparedItem, CatalogError>]

    /// About how many bytes its write takes.
    var bytes: Int { items.reduce(500) { $0 + ((try? $1.get().bytes) ?? 0) } }
}

extension CatalogStore {
    /// Checks sizes and encodes the vector, on the caller's thread.
    func prepare(_ draft: ItemDraft, for definition: CollectionDefinition) throws(CatalogError) -> PreparedItem {
        guard draft.vector.count == definition.components else {
            throw .wrongVectorLength(expected: definition.components, found: draft.vector.count)
        }
        try Self.require(draft.id.text.utf8.count, within: limits.itemIDBytes, "id")
        try Self.require(draft.metadata.text.utf8.count, within: limits.metadataBytes, "metadata")
        try Self.require(draft.thumbnail?.count ?? 0, within: limits.thumbnailBytes, "thumbnail")
        try Self.require(draft.original?.count ?? 0, within: limits.originalBytes, "original")
        return PreparedItem(
            draft: draft, definition: definition,
            vector: try VectorCoding.encode(draft.vector, as: definition.element))
    }

    func prepare(_ drafts: [ItemDraft], for name: CollectionName) throws(CatalogError) -> PreparedBatch {
        try requireBatch(drafts.count)
        let definition = try collection(name).definition
        return PreparedBatch(
            items: drafts.map { draft in
                do throws(CatalogError) { return .success(try prepare(draft, for: definition)) } catch {
                    return .failure(error)
                }
            })
    }

    func requireBatch(_ count: Int) throws(CatalogError) {
        try Self.require(count, within: limits.batchItems, "batch")
    }

    private static func require(_ count: Int, within limit: Int, _ what: String) throws(CatalogError) {
        guard count <= limit else { throw .tooLarge(what: what, limit: limit, found: count) }
    }
}
