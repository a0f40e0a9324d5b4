// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Synchronization
internal import VectorSearch

/// The vectors of every collection in memory, in step with the catalog's file.
///
/// A write is applied before it is acknowledged, so the next search sees it. Any thread.
final class IndexBook: Sendable {
    /// One collection: what it is bound to, and its vectors by row.
    struct Entry: Sendable {
        var record: CollectionRecord
        let index: VectorIndex
    }

    private struct State {
        var entries: [Int64: Entry] = [:]
        var keys: [CollectionName: Int64] = [:]
    }

    private let state = Mutex(State())
    private let threads: Int
    private let approximation: ApproximationSettings?

    init(threads: Int, approximation: ApproximationSettings?) {
        self.threads = threads
        self.approximation = approximation
    }

    /// The collection of that name; nil when there is none.
    func entry(_ name: CollectionName) -> Entry? {
        state.withLock { state in state.keys[name].flatMap { state.entries[$0] } }
    }

    /// Bytes of all vectors in memory, and how many there are.
    var size: (collections: Int, vectors: Int, bytes: Int) {
        let entries = state.withLock { Array($0.entries.values) }
        return (
            entries.count, entries.reduce(0) { $0 + $1.index.count }, entries.reduce(0) { $0 + $1.index.bytes }
        )
    }

    // MARK: Loading

    /// Rows that are handed to an index at a time; a multiple of its chunks.
    private static let slice = 4_096

    /// Reads every collection of a snapshot, each slice while the one before is indexed.
    func load(_ snapshot: CatalogSnapshot) throws(CatalogError) {
        for record in snapshot.collections {
            let entry = try add(record)
            try snapshot.slices(of: record, rows: Self.slice) { (keys, vectors) throws(CatalogError) in
                do throws(VectorSearchError) {
                    try entry.index.load(keys: keys, vectors: vectors)
                } catch {
                    throw .damaged(place: "vectors")
                }
            }
        }
    }

    private func add(_ record: CollectionRecord) throws(CatalogError) -> Entry {
        let layout: VectorLayout
        do {
            layout = try VectorLayout(record.definition.spaces.map(\.dimensions))
        } catch {
            throw .invalidSpaces
        }
        let entry = Entry(
            record: record, index: VectorIndex(layout: layout, threads: threads, approximation: approximation))
        state.withLock { state in
            state.entries[record.key] = entry
            state.keys[record.definition.name] = record.key
        }
        return entry
    }

    // MARK: Following

    /// Makes the changes of one commit; called in order, on the writer's queue.
    func apply(_ commit: CatalogCommit) {
        for change in commit.changes { apply(change) }
    }

    private func apply(_ change: CatalogChange) {
        switch change {
        case .collectionCreated(let record): _ = try? add(record)
        case .collectionDeleted(let key): drop(key)
        case .collectionRenamed(let record): rename(record)
        case .deleted(let collection, let row): entry(key: collection)?.index.remove(row)
        case .upserted(let collection, let item, let vector):
            guard let entry = entry(key: collection) else { return }
            let values = vector.withUnsafeBytes {
                VectorCoding.decode($0, as: entry.record.definition.element)
            }
            do {
                try entry.index.upsert(key: item.row, vector: values)
            } catch {
                // The store has checked length and numbers; a row that cannot be indexed is not to be found.
                entry.index.remove(item.row)
            }
        }
    }

    private func entry(key: Int64) -> Entry? { state.withLock { $0.entries[key] } }

    private func drop(_ key: Int64) {
        state.withLock { state in
            guard let entry = state.entries.removeValue(forKey: key) else { return }
            if state.keys[entry.record.definition.name] == key { state.keys[entry.record.definition.name] = nil }
        }
    }

    private func rename(_ record: CollectionRecord) {
        state.withLock { state in
            guard let old = state.entries[record.key]?.record.definition.name else { return }
            if state.keys[old] == record.key { state.keys[old] = nil }
            state.keys[record.definition.name] = record.key
            state.entries[record.key]?.record = record
        }
    }
}
