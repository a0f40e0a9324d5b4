// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Answers filters from memory: the metadata at the paths that filters ask for, as columns of numbers beside their values.
///
/// The first filter on a path reads the collection's metadata once, as a filter in SQL does each time; later ones pass
/// over four bytes a row. Columns follow every commit before its writes are acknowledged, so an answer is that of the
/// file. When they outgrow `limit` the longest unused go, and are read again when they are asked for. Any thread; blocks
/// as reads of the store do, so never call it from a completion or an observer.
///
///     let index = MetadataIndex(store)
///     let rows = try index.rows(name, matching: filter)  // == store.rows(name, matching: filter)
package final class MetadataIndex: Sendable {
    private struct State {
        var collections: [Int64: MetadataColumns] = [:]
        /// Changes since a column that is being read was begun.
        var log: (collection: Int64, changes: [MetadataColumns.Change])?
        /// Columns that alone are larger than the limit.
        var refused: Set<Place> = []
        var mark = 0
    }

    private struct Place: Hashable {
        let collection: Int64
        let path: FilterPath
    }

    /// What a pass over the metadata at one path found.
    private struct Reading: Sendable {
        var rows: [Int64] = []
        var column = MetadataColumn()
    }

    /// Paths of one filter beyond which the file is asked.
    private static let mostPaths = 16
    /// How often a column that was dropped meanwhile is read again.
    private static let tries = 3

    private let store: CatalogStore
    private let limit: Int
    private let fewItems: Int
    private let state: Mutex<State>
    private let reading = Mutex(())
    private let observation: Mutex<CatalogObservation?>

    /// Holds columns of at most about `limit` bytes together (256 MiB); collections of fewer than `fewItems` items (1,000)
    /// are left to the file.
    package init(_ store: CatalogStore, limit: Int = 256 << 20, fewItems: Int = 1_000) {
        self.store = store
        self.limit = limit
        self.fewItems = fewItems
        state = Mutex(State())
        observation = Mutex(nil)
        let made = store.observe { [weak self] in self?.apply($0) }
        observation.withLock { $0 = made }
    }

    deinit { observation.withLock { $0?.cancel() } }

    /// Bytes of all columns, about.
    package var bytes: Int { state.withLock { $0.collections.values.reduce(0) { $0 + $1.bytes } } }

    /// Rows of the items that meet the filter, ascending; throws as ``CatalogStore/rows(_:matching:)`` does.
    package func rows(_ name: CollectionName, matching filter: Filter) throws(CatalogError) -> [Int64] {
        let record = try store.collection(name)
        let paths = filter.paths
        guard record.items >= fewItems, (1...Self.mostPaths).contains(paths.count) else {
            return try store.rows(name, matching: filter)
        }
        for _ in 0..<Self.tries {
            if let rows = answer(filter, in: record.key) { return rows }
            for path in paths {
                guard try read(path, of: record) else { return try store.rows(name, matching: filter) }
            }
        }
        return try store.rows(name, matching: filter)
    }

    private func answer(_ filter: Filter, in key: Int64) -> [Int64]? {
        state.withLock { state in
            state.mark += 1
            return state.collections[key]?.rows(matching: filter, at: state.mark)
        }
    }

    // MARK: Columns

    /// Reads the column, unless it is there; false where it would be too large.
    private func read(_ path: FilterPath, of record: CollectionRecord) throws(CatalogError) -> Bool {
        let place = Place(collection: record.key, path: path)
        return try reading.withLock { _ throws(CatalogError) -> Bool in
            let isSettled = state.withLock { state -> Bool? in
                if state.refused.contains(place) { return false }
                if state.collections[record.key]?.columns[path] != nil { return true }
                state.log = (record.key, [])
                return nil
            }
            if let isSettled { return isSettled }
            defer { state.withLock { $0.log = nil } }
            let found = try store.snapshot { (snapshot) throws(CatalogError) in
                try Self.read(path, of: record.key, in: snapshot)
            }
            return try state.withLock { state throws(CatalogError) in
                try Self.add(found, at: place, limit: limit, to: &state)
            }
        }
    }

    private static func read(
        _ path: FilterPath, of key: Int64, in snapshot: CatalogSnapshot
    ) throws(CatalogError) -> Reading {
        var found = Reading()
        try snapshot.values(at: path, ofCollection: key) { (row, text) throws(CatalogError) in
            found.rows.append(row)
            found.column.append(try found.column.code(of: text))
        }
        return found
    }

    private static func add(
        _ found: Reading, at place: Place, limit: Int, to state: inout State
    ) throws(CatalogError) -> Bool {
        guard found.column.bytes <= limit / 2 else {
            state.refused.insert(place)
            return false
        }
        state.mark += 1
        var (columns, column) = (state.collections[place.collection] ?? MetadataColumns(), found.column)
        column.used = state.mark
        try columns.add(place.path, column, rows: found.rows, changes: state.log?.changes ?? [])
        state.collections[place.collection] = columns
        dropUnused(beyond: limit, but: place, in: &state)
        return true
    }

    /// Drops the longest unused columns until the rest is within the limit.
    private static func dropUnused(beyond limit: Int, but kept: Place, in state: inout State) {
        while state.collections.values.reduce(0, { $0 + $1.bytes }) > limit {
            let all = state.collections.flatMap { key, columns in
                columns.columns.map { (place: Place(collection: key, path: $0.key), used: $0.value.used) }
            }
            let oldest = all.filter { $0.place != kept }.min { $0.used < $1.used }
            guard let oldest else { return }
            state.collections[oldest.place.collection]?.drop(oldest.place.path)
            if state.collections[oldest.place.collection]?.isEmpty == true {
                state.collections[oldest.place.collection] = nil
            }
        }
    }

    // MARK: Following

    private func apply(_ commit: CatalogCommit) {
        state.withLock { state in
            for change in commit.changes { Self.apply(change, to: &state) }
        }
    }

    private static func apply(_ change: CatalogChange, to state: inout State) {
        switch change {
        case .collectionDeleted(let key):
            state.collections[key] = nil
            state.refused = state.refused.filter { $0.collection != key }
        case .upserted(let key, let item, _):
            guard state.collections[key] != nil || state.log?.collection == key else { return }
            guard let metadata = try? item.metadata.value else { return state.collections[key] = nil }
            apply(MetadataColumns.Change(row: item.row, metadata: metadata), in: key, to: &state)
        case .deleted(let key, let row):
            apply(MetadataColumns.Change(row: row, metadata: nil), in: key, to: &state)
        case .collectionCreated, .collectionRenamed: break
        }
    }

    private static func apply(_ change: MetadataColumns.Change, in key: Int64, to state: inout State) {
        if state.log?.collection == key { state.log?.changes.append(change) }
        guard state.collections[key] != nil else { return }
        // What cannot be followed is read again when it is next asked for.
        do throws(CatalogError) { try state.collections[key]?.apply(change) } catch { state.collections[key] = nil }
    }
}
