// SPDX-License-Identifier: Apache-2.0

package import Catalog
internal import Foundation
internal import Synchronization
package import Vectors

/// Embeddings of uploads seen before, shared by every replica, bounded in bytes; the longest unused go first.
///
/// A new value waits in memory, where it is found at once, and is written with others within half a second; a server that
/// cannot be used counts as empty. Any thread.
package final class PostgresEmbeddings: EmbeddingKeeper {
    private struct State {
        var waiting: [[UInt8]: [Embedding]] = [:]
        var waitingBytes = 0
        var touched: Set<[UInt8]> = []
        var isScheduled = false
        var isClosed = false
        var counts = EmbeddingCache.Counts()
        var lastSweep: ContinuousClock.Instant?
    }

    private static let delay = 0.5
    private static let mostWaitingBytes = 16 << 20
    private static let mostTouched = 4_096
    private static let sweepInterval = Duration.seconds(10)

    private let pool: SessionPool
    package let limit: Int
    private let clock: @Sendable () -> Int64
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "facet.postgres.cache", qos: .utility)

    init(_ pool: SessionPool, limit: Int, clock: @escaping @Sendable () -> Int64) {
        self.pool = pool
        self.limit = limit
        self.clock = clock
    }

    package var counts: EmbeddingCache.Counts { state.withLock { $0.counts } }

    package func find(_ key: EmbeddingKey, spaces: [SpaceName]) -> [Embedding]? {
        guard limit > 0 else { return nil }
        let waiting = state.withLock { $0.waiting[key.bytes] } ?? []
        if let found = waiting.select(spaces) { return count(found, key) }
        let rows = try? pool.lend { (loan) throws(CatalogError) in
            try loan.run(
                Query("embedding", "SELECT bytes FROM facet_embeddings WHERE key = $1", [.blob(key.bytes)]))
        }
        let stored = rows.flatMap { $0.count == 1 ? EmbeddingCoding.decode($0.bytes(0, 0)) : nil } ?? []
        return count((waiting + stored).select(spaces), key)
    }

    private func count(_ found: [Embedding]?, _ key: EmbeddingKey) -> [Embedding]? {
        if found == nil { state.withLock { $0.counts.misses += 1 } } else { noteUse(of: key) }
        return found
    }

    package func noteUse(of key: EmbeddingKey) {
        let isFull = state.withLock { state in
            state.counts.hits += 1
            if state.touched.count < Self.mostTouched { state.touched.insert(key.bytes) }
            return state.touched.count == Self.mostTouched
        }
        if isFull { schedule() }
    }

    package func keep(_ embeddings: [Embedding], for key: EmbeddingKey) {
        guard limit > 0, EmbeddingCoding.bytes(of: embeddings) <= limit else { return }
        state.withLock { state in
            let known = state.waiting[key.bytes] ?? []
            let merged = embeddings.merged(over: known)
            let growth = EmbeddingCoding.bytes(of: merged) - (known.isEmpty ? 0 : EmbeddingCoding.bytes(of: known))
            guard !state.isClosed, state.waitingBytes + growth <= Self.mostWaitingBytes else { return }
            state.waiting[key.bytes] = merged
            state.waitingBytes += growth
        }
        schedule()
    }

    // MARK: Writing

    private func schedule() {
        let start = state.withLock { state in
            defer { state.isScheduled = true }
            return !state.isScheduled && !state.isClosed
        }
        guard start else { return }
        queue.asyncAfter(deadline: .now() + Self.delay) { [weak self] in self?.flush() }
    }

    /// Writes what waits; what the server refuses is forgotten, it can be computed again.
    package func flush() {
        let (values, touched) = state.withLock { state in
            state.isScheduled = false
            defer { state.touched = [] }
            return (state.waiting, state.touched)
        }
        try? write(values, touched)
        state.withLock { state in
            for (key, value) in values where state.waiting[key] == value {
                state.waiting[key] = nil
                state.waitingBytes -= EmbeddingCoding.bytes(of: value)
            }
        }
        try? sweep()
    }

    /// Values of other spaces that another replica wrote stay; in the order of their keys, against deadlocks.
    private func write(_ values: [[UInt8]: [Embedding]], _ touched: Set<[UInt8]>) throws(CatalogError) {
        let keys = values.keys.sorted { $0.lexicographicallyPrecedes($1) }
        guard !keys.isEmpty || !touched.isEmpty else { return }
        let now = clock()
        try pool.lend { (loan) throws(CatalogError) in
            let rows = try loan.run(
                Query("embeddings", "SELECT key, bytes FROM facet_embeddings WHERE key = ANY($1)", [.blobs(keys)]))
            var stored: [[UInt8]: [Embedding]] = [:]
            for row in rows.indices { stored[rows.bytes(row, 0)] = EmbeddingCoding.decode(rows.bytes(row, 1)) }
            var queries = keys.map { key in
                Query(
                    "keep",
                    """
                    INSERT INTO facet_embeddings VALUES ($1, $2, $3)
                    ON CONFLICT (key) DO UPDATE SET used = EXCLUDED.used, bytes = EXCLUDED.bytes
                    """,
                    [
                        .blob(key), .integer(now),
                        .blob(EmbeddingCoding.encode((values[key] ?? []).merged(over: stored[key] ?? []))),
                    ])
            }
            queries.append(
                Query(
                    "touch",
                    """
                    UPDATE facet_embeddings SET used = $2 WHERE key IN
                    (SELECT key FROM facet_embeddings WHERE key = ANY($1) ORDER BY key FOR UPDATE SKIP LOCKED)
                    """, [.blobs(touched.sorted { $0.lexicographicallyPrecedes($1) }), .integer(now)]))
            _ = try loan.run([.begin] + queries + [.commit])
        }
    }

    /// Measures the table now and then, and drops the longest unused beyond the bound.
    private func sweep() throws(CatalogError) {
        let isDue = state.withLock { state in
            if let last = state.lastSweep, .now - last < Self.sweepInterval { return false }
            state.lastSweep = .now
            return true
        }
        guard isDue else { return }
        let size = try pool.lend { (loan) throws(CatalogError) in
            try loan.run(
                Query(
                    "cache-size",
                    "SELECT count(*), coalesce(sum(octet_length(bytes)), 0)::bigint FROM facet_embeddings"))
        }
        let bytes = Int(size.integer(0, 1))
        var gone = 0
        if bytes > limit {
            gone = try pool.lend { (loan) throws(CatalogError) in
                try loan.run(Self.eviction(bytes - limit + limit / 10)).count
            }
        }
        state.withLock { state in
            (state.counts.entries, state.counts.bytes) = (Int(size.integer(0, 0)) - gone, min(bytes, limit))
            state.counts.evictions += gone
        }
    }

    /// Drops the longest unused until `bytes` are free.
    private static func eviction(_ bytes: Int) -> Query {
        Query(
            "evict",
            """
            DELETE FROM facet_embeddings WHERE key IN (SELECT key FROM (SELECT key,
            sum(octet_length(bytes)) OVER (ORDER BY used, key) - octet_length(bytes) AS before
            FROM facet_embeddings) AS ranked WHERE before < $1) RETURNING 1
            """, [.integer(Int64(bytes))])
    }

    func close() {
        state.withLock { $0.isClosed = true }
        flush()
    }
}
