// SPDX-License-Identifier: Apache-2.0

package import Catalog
package import VectorSearch

/// Collections of items in a file, with their vectors in memory: writes go through ``store``, questions through this.
///
/// Searching is exact, every item's score counts, until a collection is so large that a graph is built for it in the
/// background; then a search walks the graph unless the request is for an exact one, and says which share of the best
/// such searches were measured to find. Any thread; a search that begins after a write was acknowledged sees it.
package final class CollectionService: CollectionEngine {
    /// The file.
    package let catalogStore: CatalogStore
    package var store: any ItemStore { catalogStore }
    let book: IndexBook
    /// Filters' answers, from memory.
    let metadata: MetadataIndex
    private let observation: CatalogObservation

    /// Reads every vector of `store` into memory; searches use `threads` threads each.
    ///
    /// Large collections get a graph as `approximation` says; with nil every search is exact.
    ///
    /// Throws ``CatalogError`` when the file's vectors are damaged or cannot be read.
    package init(
        _ store: CatalogStore, threads: Int, approximation: ApproximationSettings? = ApproximationSettings()
    ) throws(CatalogError) {
        catalogStore = store
        metadata = MetadataIndex(store)
        let book = IndexBook(threads: threads, approximation: approximation)
        self.book = book
        observation = try store.follow(
            load: { (snapshot) throws(CatalogError) in try book.load(snapshot) }, apply: { book.apply($0) }
        ).observation
    }

    deinit { observation.cancel() }

    /// What is held in memory: for metrics.
    package var size: (collections: Int, vectors: Int, bytes: Int) { book.size }

    /// How far a collection's graph is, and what was measured on it; nil when there is to be none.
    ///
    /// Segments of the kinds measured are the collection's spaces, in order: `kind.words(names)`.
    package func approximation(of name: CollectionName) throws(CollectionsError) -> ApproximationStatus? {
        try entry(name).index.approximation
    }

    /// Runs `body`; what the catalog throws becomes ``CollectionsError/catalog(_:)``.
    func catalog<Value>(
        _ body: () throws(CatalogError) -> Value
    ) throws(CollectionsError) -> Value {
        do throws(CatalogError) { return try body() } catch { throw .catalog(error) }
    }

    func entry(_ name: CollectionName) throws(CollectionsError) -> IndexBook.Entry {
        guard let entry = book.entry(name) else { throw .catalog(.noSuchCollection) }
        return entry
    }

    package func unitVectors(
        of ids: [ItemID], in record: CollectionRecord
    ) throws(CollectionsError) -> [[Float]] {
        let entry = try entry(record.definition.name)
        var vectors: [[Float]] = []
        for (place, row) in try rows(ids, in: record.definition.name).enumerated() {
            guard let vector = entry.index.vector(of: row) else { throw .noSuchExample(place: place) }
            vectors.append(vector)
        }
        return vectors
    }

    /// The places of some items in the index, in order.
    func rows(_ ids: [ItemID], in name: CollectionName) throws(CollectionsError) -> [Int64] {
        var rows: [Int64] = []
        for (place, id) in ids.enumerated() {
            do throws(CatalogError) {
                rows.append(try catalogStore.item(id, in: name).row)
            } catch .noSuchItem {
                throw .noSuchExample(place: place)
            } catch {
                throw .catalog(error)
            }
        }
        return rows
    }
}
