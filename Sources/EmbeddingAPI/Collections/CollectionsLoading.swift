// SPDX-License-Identifier: Apache-2.0

package import Catalog
package import Collections
internal import Synchronization

/// Collections whose vectors are being read into memory while the server answers already; any thread.
///
///     let loading = CollectionsLoading(store)
///     // listen, then on another thread:
///     loading.finish(try CollectionService(store, threads: threads))
package final class CollectionsLoading: Sendable {
    private let progress: LoadProgress?
    private let made = Mutex<(any CollectionEngine)?>(nil)

    package init(_ store: CatalogStore) { progress = store.loading }

    /// For an engine that reads nothing into memory and yet may not be there at once.
    package init() { progress = nil }

    /// From now on calls about collections are answered.
    package func finish(_ service: any CollectionEngine) {
        made.withLock { $0 = service }
    }

    /// Nil until ``finish(_:)``.
    package var service: (any CollectionEngine)? { made.withLock { $0 } }

    /// `412000 of 1000000 vectors`, for people.
    var state: String { progress.map { "\($0.done) of \($0.total) vectors" } ?? "waiting for the database server" }
}
