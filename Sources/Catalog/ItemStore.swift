// SPDX-License-Identifier: Apache-2.0

package import Telemetry
package import Vectors

/// What became of each item of a batch, in the order of the call.
package typealias BatchResults = [Result<UpsertReceipt, CatalogError>]

/// Collections of items with their vectors: what every engine keeps, wherever it keeps it.
///
/// ``CatalogStore`` is one file of SQLite's; another is a database server that many processes share. A write that was
/// acknowledged is on disk whole, and every later read of any caller sees it. Any thread; every method but `submit...`
/// blocks, so call them from worker threads, never from the cooperative pool.
package protocol ItemStore: Sendable {
    /// What the store accepts.
    var limits: CatalogLimits { get }
    /// Embeddings of uploads seen before.
    var embeddings: any EmbeddingKeeper { get }
    /// Transactions and writes committed since the store was opened.
    var commitCounts: (transactions: Int, writes: Int) { get }
    /// Seconds each transaction took, its sync included.
    var commitSeconds: Histogram { get }
    /// How long the oldest transaction under way has taken; zero when none is.
    var transactionAge: Duration { get }
    /// Bytes of writes that wait now; at `limits.waitingBytes` writes are refused with `queueFull`.
    var waitingBytes: Int { get }

    /// Makes a collection, or finds the one made alike; see ``CatalogStore/create(_:thumbnails:)``.
    func create(
        _ definition: CollectionDefinition, thumbnails: ThumbnailRule?
    ) throws(CatalogError) -> (record: CollectionRecord, isNew: Bool)
    /// The collection with its counts; throws `noSuchCollection`.
    func collection(_ name: CollectionName) throws(CatalogError) -> CollectionRecord
    /// Every collection, by name.
    func collections() throws(CatalogError) -> [CollectionRecord]
    /// Deletes a collection with all its items; throws `noSuchCollection`.
    func deleteCollection(_ name: CollectionName) throws(CatalogError)
    /// Purges what deleted collections left now; see ``CatalogStore/finishDeletions(goesOn:)``.
    func finishDeletions(goesOn: (_ items: Int) -> Bool) throws(CatalogError)
    /// Gives a collection another name; see ``CatalogStore/rename(_:to:replacing:)``.
    @discardableResult
    func rename(
        _ name: CollectionName, to new: CollectionName, replacing: Bool
    ) throws(CatalogError) -> CollectionRecord

    /// Writes an item and waits until it is on disk.
    @discardableResult
    func upsert(_ draft: ItemDraft, into name: CollectionName) throws(CatalogError) -> UpsertReceipt
    /// Takes an item to be written; `completion` runs once, on a thread of the store's, and must return soon.
    func submitUpsert(
        _ draft: ItemDraft, into name: CollectionName,
        completion: @escaping @Sendable (Result<UpsertReceipt, CatalogError>) -> Void)
    /// Writes many items in one transaction; a bad one is refused alone, an error of the store refuses them all.
    func upsert(_ drafts: [ItemDraft], into name: CollectionName) throws(CatalogError) -> BatchResults
    /// Takes many items to be written in one transaction.
    func submitUpsert(
        _ drafts: [ItemDraft], into name: CollectionName,
        completion: @escaping @Sendable (Result<BatchResults, CatalogError>) -> Void)
    /// Deletes an item; throws `noSuchCollection` and `noSuchItem`.
    func delete(_ id: ItemID, from name: CollectionName) throws(CatalogError)
    /// Deletes many items in one transaction; says of each whether it was there.
    func delete(_ ids: [ItemID], from name: CollectionName) throws(CatalogError) -> [Bool]

    /// An item without its vector and pictures; throws `noSuchCollection` and `noSuchItem`.
    func item(_ id: ItemID, in name: CollectionName) throws(CatalogError) -> Item
    /// Items by row, nil for rows that are not there.
    func items(rows: [Int64], in name: CollectionName) throws(CatalogError) -> [Item?]
    /// An item's vector over all spaces, as it was stored.
    func vector(of id: ItemID, in name: CollectionName) throws(CatalogError) -> [Float]
    /// Many items' vectors, nil for those that are not there.
    func vectors(of ids: [ItemID], in name: CollectionName) throws(CatalogError) -> [[Float]?]
    /// An item's thumbnail, nil without one.
    func thumbnail(of id: ItemID, in name: CollectionName) throws(CatalogError) -> [UInt8]?
    /// The uploaded bytes where they were kept, else nil.
    func original(of id: ItemID, in name: CollectionName) throws(CatalogError) -> [UInt8]?
    /// One page of a collection's items in the order of their first insertion; see ``CatalogStore/list(_:after:limit:filter:)``.
    func list(
        _ name: CollectionName, after cursor: String?, limit: Int, filter: Filter
    ) throws(CatalogError) -> ItemPage
    /// Items of a collection that meet the filter.
    func count(_ name: CollectionName, filter: Filter) throws(CatalogError) -> Int
    /// Rows of the items that meet the filter, ascending.
    func rows(_ name: CollectionName, matching filter: Filter) throws(CatalogError) -> [Int64]

    /// Finishes the writes that wait and lets go of file or server; later calls throw `closed`.
    func close() throws(CatalogError)
}

extension ItemStore {
    /// The collection made alike or made anew, without a rule of its own for thumbnails.
    package func create(
        _ definition: CollectionDefinition
    ) throws(CatalogError) -> (record: CollectionRecord, isNew: Bool) {
        try create(definition, thumbnails: nil)
    }

    /// One page of all items.
    package func list(
        _ name: CollectionName, after cursor: String? = nil, limit: Int = 100
    ) throws(CatalogError) -> ItemPage {
        try list(name, after: cursor, limit: limit, filter: .everything)
    }

    /// Items of a collection.
    package func count(_ name: CollectionName) throws(CatalogError) -> Int { try count(name, filter: .everything) }

    /// The item of that id; nil where the collection has none.
    package func find(_ id: ItemID, in name: CollectionName) throws(CatalogError) -> Item? {
        do throws(CatalogError) {
            return try item(id, in: name)
        } catch {
            guard error == .noSuchItem else { throw error }
            return nil
        }
    }

    /// One read after the other; engines for which each is a journey do better.
    package func vectors(of ids: [ItemID], in name: CollectionName) throws(CatalogError) -> [[Float]?] {
        var found: [[Float]?] = []
        for id in ids {
            do throws(CatalogError) {
                found.append(try vector(of: id, in: name))
            } catch {
                guard error == .noSuchItem else { throw error }
                found.append(nil)
            }
        }
        return found
    }
}

/// Embeddings of uploads seen before, bounded in bytes; any thread.
package protocol EmbeddingKeeper: Sendable {
    /// What the cache did and how large it is.
    var counts: EmbeddingCache.Counts { get }
    /// The most bytes it holds; 0 where nothing is kept.
    var limit: Int { get }
    /// The embeddings of all `spaces`, in that order; nil, and a miss, unless every one is there.
    func find(_ key: EmbeddingKey, spaces: [SpaceName]) -> [Embedding]?
    /// Counts a hit that was answered without asking, and notes the use; returns at once.
    func noteUse(of key: EmbeddingKey)
    /// Keeps embeddings beside those of other spaces; returns at once.
    func keep(_ embeddings: [Embedding], for key: EmbeddingKey)
}

extension EmbeddingCache: EmbeddingKeeper {}

extension CatalogStore: ItemStore {
    package var embeddings: any EmbeddingKeeper { cache }
}
