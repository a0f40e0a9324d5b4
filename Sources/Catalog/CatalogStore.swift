// SPDX-License-Identifier: Apache-2.0

private import Dispatch
internal import Synchronization
package import Telemetry

/// Collections of items with their vectors, and the embedding cache, in one SQLite file.
///
/// A write that was acknowledged is on disk: WAL with `synchronous = FULL`, writes that wait together share one fsync.
/// One process writes a file at a time. Every method may be called from any thread and, but for `submit...`, blocks it:
/// call them from worker threads, never from the cooperative pool. Completions and observers run on the writer's queue
/// and must return soon; they may submit, and must not call a method that writes and waits.
///
///     let store = try CatalogStore(CatalogConfiguration(path: "catalog.sqlite"))
///     let (shop, _) = try store.create(definition)
///     let receipt = try store.upsert(draft, into: shop.definition.name)
///     try store.close()
package final class CatalogStore: Sendable {
    /// How the store was opened.
    package let configuration: CatalogConfiguration
    /// Embeddings of uploads seen before.
    package let cache: EmbeddingCache
    /// The one writer; other modules use the methods of the store.
    package let writer: Writer
    /// How far the last ``follow(load:apply:)`` is with its vectors.
    package let loading = LoadProgress()
    let readers: ReaderPool
    let observers: CommitObservers
    private let lock: WriterLock

    /// What the store accepts.
    package var limits: CatalogLimits { configuration.limits }

    /// Opens the file, makes it when there is none, and brings an older one to this version.
    ///
    /// Throws ``CatalogError``: `inUse`, `locked`, `readOnly`, `cannotOpen`, `foreignFile`, `newerFile`, `damaged`,
    /// `diskFull`, `inputOutput`.
    package init(_ configuration: CatalogConfiguration) throws(CatalogError) {
        let path = configuration.path
        let busy = Int32(clamping: configuration.busyMilliseconds)
        try DatabaseFile.checkFolder(of: path)
        let lock = try WriterLock(for: path)
        let connection = try DatabaseFile.open(path, limits: configuration.limits, busyMilliseconds: busy)
        _ = try CollectionRows.all(on: connection)
        let cacheState = try EmbeddingRows.state(on: connection)
        let observers = CommitObservers()
        self.configuration = configuration
        self.lock = lock
        self.observers = observers
        readers = try ReaderPool(path, count: max(1, configuration.readers))
        writer = Writer(connection, limits: configuration.limits, clock: configuration.clock) { observers.send($0) }
        cache = EmbeddingCache(
            writer: writer, readers: readers, limit: configuration.limits.cacheBytes, state: cacheState)
        writer.purgeLater()
        writer.giveBackPagesLater()
    }

    deinit {
        let (cache, readers, writer, lock) = (cache, readers, writer, lock)
        // The last owner may be a completion; the writer's queue cannot wait for itself.
        guard writer.isCurrentQueue else { return Self.close(cache, readers, writer, lock) }
        DispatchQueue.global().async { Self.close(cache, readers, writer, lock) }
    }

    /// Closes what was not closed by ``close()``; an error has nobody left to hear it, and costs no acknowledged write.
    private static func close(_ cache: EmbeddingCache, _ readers: ReaderPool, _ writer: Writer, _ lock: WriterLock) {
        try? finish(cache, readers, writer, lock)
    }

    private static func finish(
        _ cache: EmbeddingCache, _ readers: ReaderPool, _ writer: Writer, _ lock: WriterLock
    ) throws(CatalogError) {
        cache.flushForClosing()
        readers.close()
        defer { lock.release() }
        try writer.close { (connection) throws(CatalogError) in
            try connection.run("PRAGMA wal_checkpoint(TRUNCATE)")
        }
    }

    /// Finishes the writes that wait, moves the log into the file and closes it; later calls throw `closed`.
    ///
    /// Waits for reads under way. Never call it from a completion or an observer.
    package func close() throws(CatalogError) {
        try Self.finish(cache, readers, writer, lock)
    }

    /// Transactions and writes committed since the store was opened: their ratio is the group commit factor.
    package var commitCounts: (transactions: Int, writes: Int) {
        let counts = writer.counts.withLock { $0 }
        return (counts.transactions, counts.writes)
    }

    /// Seconds each transaction took, its sync included.
    package var commitSeconds: Histogram { writer.commitSeconds }

    /// How long the transaction under way has taken; zero when none is.
    ///
    /// Grows without bound when the disk or the writer's thread is stuck: readiness looks at it.
    package var transactionAge: Duration { writer.transactionAge }

    /// Bytes of writes that wait for the disk now; at `limits.waitingBytes` writes are refused with `queueFull`.
    package var waitingBytes: Int { writer.waiting.withLock { $0.bytes } }
}
