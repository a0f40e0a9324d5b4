// SPDX-License-Identifier: Apache-2.0

internal import Vectors

/// Upserts and deletions. A call that waits returns when the write is on disk; a `submit` call returns at once, and
/// its completion runs once: on the writer's queue after the write, or on the caller's thread where it is refused first.
extension CatalogStore {
    /// Writes an item and waits until it is on disk.
    ///
    /// Throws `noSuchCollection`, `wrongVectorLength`, `vectorNotFinite`, `tooLarge`, `queueFull`, errors of the store.
    @discardableResult
    package func upsert(_ draft: ItemDraft, into name: CollectionName) throws(CatalogError) -> UpsertReceipt {
        let item = try prepare(draft, for: collection(name).definition)
        return try writer.perform(bytes: item.bytes) { (scope) throws(CatalogError) in
            try Self.write(item, into: name, scope)
        }
    }

    /// Takes an item to be written; `completion` has the receipt or what ``upsert(_:into:)-(ItemDraft,_)`` throws.
    package func submitUpsert(
        _ draft: ItemDraft, into name: CollectionName,
        completion: @escaping @Sendable (Result<UpsertReceipt, CatalogError>) -> Void
    ) {
        do throws(CatalogError) {
            let item = try prepare(draft, for: collection(name).definition)
            let work = { @Sendable (scope: WriteScope) throws(CatalogError) in
                try Self.write(item, into: name, scope)
            }
            writer.submit(WriteJob(bytes: item.bytes, work: work, completion: completion))
        } catch {
            completion(.failure(error))
        }
    }

    /// Writes many items in one transaction; a bad one is refused alone, an error of the store refuses them all.
    package func upsert(_ drafts: [ItemDraft], into name: CollectionName) throws(CatalogError) -> BatchResults {
        let batch = try prepare(drafts, for: name)
        return try writer.perform(bytes: batch.bytes) { (scope) throws(CatalogError) in
            try Self.write(batch, into: name, scope)
        }
    }

    /// Takes many items to be written in one transaction.
    package func submitUpsert(
        _ drafts: [ItemDraft], into name: CollectionName,
        completion: @escaping @Sendable (Result<BatchResults, CatalogError>) -> Void
    ) {
        do throws(CatalogError) {
            let batch = try prepare(drafts, for: name)
            let work = { @Sendable (scope: WriteScope) throws(CatalogError) in
                try Self.write(batch, into: name, scope)
            }
            writer.submit(WriteJob(bytes: batch.bytes, work: work, completion: completion))
        } catch {
            completion(.failure(error))
        }
    }

    /// Deletes an item and waits until that is on disk; throws `noSuchCollection` and `noSuchItem`.
    package func delete(_ id: ItemID, from name: CollectionName) throws(CatalogError) {
        guard try delete([id], from: name) == [true] else { throw .noSuchItem }
    }

    /// Deletes many items in one transaction; says of each whether it was there.
    package func delete(_ ids: [ItemID], from name: CollectionName) throws(CatalogError) -> [Bool] {
        try requireBatch(ids.count)
        return try writer.perform(bytes: ids.count * 100) { (scope) throws(CatalogError) in
            try Self.delete(ids, from: name, scope)
        }
    }

    /// Takes many items to be deleted in one transaction; `completion` has whether each was there.
    package func submitDelete(
        _ ids: [ItemID], from name: CollectionName,
        completion: @escaping @Sendable (Result<[Bool], CatalogError>) -> Void
    ) {
        do throws(CatalogError) { try requireBatch(ids.count) } catch { return completion(.failure(error)) }
        let work = { @Sendable (scope: WriteScope) throws(CatalogError) in try Self.delete(ids, from: name, scope) }
        writer.submit(WriteJob(bytes: ids.count * 100, work: work, completion: completion))
    }
}

// MARK: - Inside the transaction

extension CatalogStore {
    private static func write(
        _ item: PreparedItem, into name: CollectionName, _ scope: WriteScope
    ) throws(CatalogError) -> UpsertReceipt {
        var target = try WriteTarget(name, scope)
        let receipt = try target.upsert(item)
        try target.finish()
        return receipt
    }

    private static func write(
        _ batch: PreparedBatch, into name: CollectionName, _ scope: WriteScope
    ) throws(CatalogError) -> BatchResults {
        var target = try WriteTarget(name, scope)
        var results: BatchResults = []
        results.reserveCapacity(batch.items.count)
        for item in batch.items {
            switch item {
            case .success(let item): results.append(.success(try target.upsert(item)))
            case .failure(let error): results.append(.failure(error))
            }
        }
        try target.finish()
        return results
    }

    private static func delete(
        _ ids: [ItemID], from name: CollectionName, _ scope: WriteScope
    ) throws(CatalogError) -> [Bool] {
        var target = try WriteTarget(name, scope)
        var found: [Bool] = []
        found.reserveCapacity(ids.count)
        for id in ids { found.append(try target.delete(id)) }
        try target.finish()
        return found
    }
}
