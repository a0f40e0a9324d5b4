// SPDX-License-Identifier: Apache-2.0

package import Catalog
package import Collections
private import Foundation
internal import Synchronization
internal import VectorSearch

/// Collections on a PostgreSQL server with their vectors there too: any number of processes may serve them at once.
///
/// A search is one query, exact until a collection is so large that a graph (pgvector's HNSW) is built for it; then a search
/// walks the graph unless the request is for an exact one, and says which share of the best such searches were measured
/// to find. Any thread.
package final class PostgresService: CollectionEngine {
    /// The items.
    package let postgres: PostgresStore
    package var store: any ItemStore { postgres }
    package var searchesAtOnce: Int {
        max(1, (postgres.configuration.connections - postgres.configuration.writers) / 2)
    }
    package var trouble: StoreTrouble? { postgres.pool.trouble ?? troubleSeen.withLock { $0 } }
    package var size: (collections: Int, vectors: Int, bytes: Int) { (0, 0, 0) }
    let graphs = GraphBook()
    private let troubleSeen = Mutex<StoreTrouble?>(nil)
    private let isStopped = Mutex(false)

    /// `store` is open; looks after it in the background until ``stop()``.
    package init(_ store: PostgresStore) {
        postgres = store
        detach {
            $0.probe()
        } every: {
            $0.probeInterval
        }
        detach {
            $0.care()
        } every: {
            $0.careInterval
        }
    }

    /// Ends the work in the background.
    package func stop() { isStopped.withLock { $0 = true } }

    private func detach(
        _ work: @escaping @Sendable (PostgresService) -> Void,
        every interval: @escaping @Sendable (PostgresConfiguration) -> Duration
    ) {
        let seconds = interval(postgres.configuration)
        Thread.detachNewThread { [weak self] in
            while true {
                let end = ContinuousClock.now + seconds
                while .now < end {
                    guard let self, !self.isStopped.withLock({ $0 }) else { return }
                    Thread.sleep(forTimeInterval: 0.1)
                }
                guard let self else { return }
                work(self)
            }
        }
    }

    /// Asks the server whether it is well, so that readiness knows without calls and recovers without them.
    private func probe() {
        do throws(CatalogError) {
            try postgres.probe()
            troubleSeen.withLock { $0 = nil }
        } catch .unavailable(let trouble) {
            troubleSeen.withLock { $0 = trouble }
        } catch {
            // The server answered.
            troubleSeen.withLock { $0 = nil }
        }
    }

    /// Purges what deleted collections left, and builds the graphs that are due.
    private func care() {
        try? postgres.finishDeletions { [self] _ in !isStopped.withLock { $0 } }
        try? keepGraphs()
    }

    package func unitVectors(
        of ids: [ItemID], in record: CollectionRecord
    ) throws(CollectionsError) -> [[Float]] {
        let found = try catalog { () throws(CatalogError) in
            try postgres.vectors(of: ids, in: record.definition.name)
        }
        var vectors: [[Float]] = []
        for (place, vector) in found.enumerated() {
            guard let vector else { throw .noSuchExample(place: place) }
            vectors.append(UnitSegments.normalise(vector, record.definition.spaces))
        }
        return vectors
    }

    /// Runs `body`; what the catalog throws becomes ``CollectionsError/catalog(_:)``.
    func catalog<Value>(_ body: () throws(CatalogError) -> Value) throws(CollectionsError) -> Value {
        do throws(CatalogError) { return try body() } catch { throw .catalog(error) }
    }
}
