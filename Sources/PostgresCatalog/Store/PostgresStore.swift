// SPDX-License-Identifier: Apache-2.0

package import Catalog
private import Foundation
internal import Synchronization
package import Telemetry

/// Collections of items with their vectors, and the embedding cache, on a PostgreSQL server that many processes share.
///
/// A write is one transaction and acknowledged when the server has it on disk; a read sees every write that was
/// acknowledged to anybody. While the server cannot be used calls throw `unavailable` and nothing is half-written; when it
/// is back they go on by themselves. Any thread; calls block for one or two journeys to the server.
///
///     let store = try PostgresStore(PostgresConfiguration(url: "postgres://facet@db/facet"))
///     try store.open()
package final class PostgresStore: ItemStore {
    package let configuration: PostgresConfiguration
    package let commitSeconds = Histogram()
    let pool: SessionPool
    let cache: PostgresEmbeddings
    let records = RecordBook()
    let lane: WriteLane

    package var limits: CatalogLimits { configuration.limits }
    package var embeddings: any EmbeddingKeeper { cache }
    package var waitingBytes: Int { lane.waitingBytes }
    package var transactionAge: Duration { lane.oldest }
    package var commitCounts: (transactions: Int, writes: Int) { lane.counts }

    /// Does not connect yet; throws `unusableServer` for an address that is none.
    package init(_ configuration: PostgresConfiguration) throws(CatalogError) {
        self.configuration = configuration
        pool = try SessionPool(configuration)
        lane = WriteLane(width: configuration.writers, limit: configuration.limits.waitingBytes)
        cache = PostgresEmbeddings(pool, limit: configuration.limits.cacheBytes, clock: configuration.clock)
    }

    /// Connects and brings the tables to this version, once for all replicas.
    ///
    /// Throws `unavailable` where the server cannot be used now, `unusableServer` and `newerFile` where it never will.
    package func open() throws(CatalogError) {
        try pool.lend(timeout: .seconds(600)) { (loan) throws(CatalogError) in try Schema.migrate(loan) }
    }

    /// Whether the server answers, and takes writes.
    package func probe() throws(CatalogError) {
        let rows = try pool.lend { (loan) throws(CatalogError) in
            try loan.run(
                Query("probe", "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'"))
        }
        if rows.integer(0, 0) == 1 { throw .unavailable(.standby) }
    }

    /// Waits for the writes that were taken, and lets go of the connections.
    package func close() throws(CatalogError) {
        lane.close()
        cache.close()
        pool.close()
    }

    /// Runs a transaction and counts it.
    func commit<Value>(
        writes: Int, _ body: (Loan) throws(CatalogError) -> Value
    ) throws(CatalogError) -> Value {
        let mark = lane.begin()
        defer { lane.end(mark) }
        let start = ContinuousClock.now
        let value = try retrying { () throws(CatalogError) in try pool.lend(body) }
        commitSeconds.observe(ContinuousClock.now - start)
        lane.count(writes: writes)
        return value
    }

    /// Again where other writes were in the way: the server undid the whole transaction.
    private func retrying<Value>(_ body: () throws(CatalogError) -> Value) throws(CatalogError) -> Value {
        for round in 0..<4 {
            do throws(CatalogError) {
                return try body()
            } catch .unavailable(.conflict) {
                Thread.sleep(forTimeInterval: Double(1 << round) * 0.005 * Double.random(in: 0.5...1.5))
            }
        }
        return try body()
    }
}

/// What this process knows of collections by their names; checked by the server at each use.
final class RecordBook: Sendable {
    private let known = Mutex<[CollectionName: CollectionRecord]>([:])

    func find(_ name: CollectionName) -> CollectionRecord? { known.withLock { $0[name] } }
    func keep(_ record: CollectionRecord) { known.withLock { $0[record.definition.name] = record } }
    func forget(_ name: CollectionName) { known.withLock { $0[name] = nil } }
}
