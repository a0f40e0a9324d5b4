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
        PreparedItem(draft: draft, definition: definition, vector: try draft.checked(for: definition, limits))
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
        try CatalogLimits.require(count, within: limits.batchItems, "batch")
    }
}

extension ItemDraft {
    /// The vector as a collection stores it; throws `wrongVectorLength`, `vectorNotFinite`, `tooLarge`.
    package func checked(
        for definition: CollectionDefinition, _ limits: CatalogLimits
    ) throws(CatalogError) -> [UInt8] {
        guard vector.count == definition.components else {
            throw .wrongVectorLength(expected: definition.components, found: vector.count)
        }
        try CatalogLimits.require(id.text.utf8.count, within: limits.itemIDBytes, "id")
        try CatalogLimits.require(metadata.text.utf8.count, within: limits.metadataBytes, "metadata")
        try CatalogLimits.require(thumbnail?.count ?? 0, within: limits.thumbnailBytes, "thumbnail")
        try CatalogLimits.require(original?.count ?? 0, within: limits.originalBytes, "original")
        return try VectorCoding.encode(vector, as: definition.element)
    }
}

extension CatalogLimits {
    /// Throws `tooLarge` for more than `limit`.
    package static func require(_ count: Int, within limit: Int, _ what: String) throws(CatalogError) {
        guard count <= limit else { throw .tooLarge(what: what, limit: limit, found: count) }
    }
}
