// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// The whole catalog in one state of the file; use it during the call that it is given to, on that thread.
package struct CatalogSnapshot {
    /// The number of the last commit that it shows, 0 before this process's first.
    package let commit: Int
    /// Every collection, by name.
    package let collections: [CollectionRecord]
    let connection: Connection

    /// The collection of that name; throws `noSuchCollection`.
    package func collection(_ name: CollectionName) throws(CatalogError) -> CollectionRecord {
        guard let record = collections.first(where: { $0.definition.name == name }) else { throw .noSuchCollection }
        return record
    }

    /// Calls `body` with each row of a collection and its encoded vector, by ascending row.
    ///
    /// The bytes are valid during the call only. Every vector's length and check are verified; throws `damaged` at the
    /// first that disagrees or when their number does, and what `body` throws ends the pass.
    package func vectors(
        of record: CollectionRecord,
        _ body: (_ row: Int64, _ vector: UnsafeRawBufferPointer) throws(CatalogError) -> Void
    ) throws(CatalogError) {
        let rows = try connection.prepare(
            """
            SELECT items.row, vectors."check", vectors.bytes
            FROM items INDEXED BY items_by_collection CROSS JOIN vectors ON vectors.row = items.row
            WHERE items.collection = ?1 ORDER BY items.row
            """, [.integer(record.key)])
        defer { rows.reset() }
        var count = 0
        while try rows.step() {
            let (row, bytes) = (rows.integer(0), rows.view(2))
            guard bytes.count == record.vectorBytes, Checksum.of(row: row, bytes) == rows.integer(1) else {
                throw .damaged(place: "vectors")
            }
            try body(row, bytes)
            count += 1
        }
        guard count == record.items else { throw .damaged(place: "counts") }
    }

    /// Calls `body` with each item of a collection, by ascending row; throws as ``vectors(of:_:)`` does.
    package func items(
        of record: CollectionRecord, _ body: (Item) throws(CatalogError) -> Void
    ) throws(CatalogError) {
        let rows = try connection.prepare(
            "SELECT \(ItemRows.columns) FROM items INDEXED BY items_by_collection WHERE collection = ?1 ORDER BY row",
            [.integer(record.key)])
        defer { rows.reset() }
        var count = 0
        while try rows.step() {
            try body(ItemRows.read(rows))
            count += 1
        }
        guard count == record.items else { throw .damaged(place: "counts") }
    }
}

extension CatalogStore {
    /// Runs `body` on one state of the whole catalog, on a connection of its own, while other calls go on.
    ///
    /// The log cannot shrink meanwhile. Never call it from a completion or an observer.
    package func snapshot<Value: Sendable>(
        _ body: (CatalogSnapshot) throws(CatalogError) -> Value
    ) throws(CatalogError) -> Value {
        try readers.readAlone { (connection) throws(CatalogError) in
            // The first read fixes the state; between two transactions the writer's count belongs to just that state.
            let found = try writer.exclusively { (_) throws(CatalogError) -> (Int, [CollectionRecord]) in
                (writer.counts.withLock { $0.transactions }, try CollectionRows.all(on: connection))
            }
            return try body(CatalogSnapshot(commit: found.0, collections: found.1, connection: connection))
        }
    }

    /// Calls `observer` after every commit, in order, on the writer's queue, before the commit's writes are acknowledged.
    package func observe(_ observer: @escaping @Sendable (CatalogCommit) -> Void) -> CatalogObservation {
        observers.add(observer)
    }

    /// Gives `load` the catalog as it stands and `apply` every later commit, in order: none is missing, none comes twice.
    ///
    /// Commits made while `load` runs wait in memory; when this returns they have been applied, and from then on a write
    /// is applied before it is acknowledged. `apply` runs on the writer's queue. Throws what ``snapshot(_:)`` and `load`
    /// throw; nothing is observed then. Never call it from a completion or an observer.
    package func follow<Value: Sendable>(
        load: (CatalogSnapshot) throws(CatalogError) -> Value, apply: @escaping @Sendable (CatalogCommit) -> Void
    ) throws(CatalogError) -> (loaded: Value, observation: CatalogObservation) {
        let gate = FollowerGate(apply)
        let observation = observers.add { gate.send($0) }
        do throws(CatalogError) {
            let (commit, loaded) = try snapshot { (snapshot) throws(CatalogError) in
                (snapshot.commit, try load(snapshot))
            }
            try writer.exclusively { _ in gate.open(after: commit) }
            return (loaded, observation)
        } catch {
            observation.cancel()
            throw error
        }
    }
}

/// Holds commits back until the follower has loaded the state that they build on; used on the writer's queue.
private final class FollowerGate: Sendable {
    private let held = Mutex<[CatalogCommit]?>([])
    private let apply: @Sendable (CatalogCommit) -> Void

    init(_ apply: @escaping @Sendable (CatalogCommit) -> Void) {
        self.apply = apply
    }

    func send(_ commit: CatalogCommit) {
        let isHeld = held.withLock { held in
            held?.append(commit)
            return held != nil
        }
        if !isHeld { apply(commit) }
    }

    /// Applies what came after that commit, and lets the later ones through.
    func open(after commit: Int) {
        let waiting = held.withLock { held in
            defer { held = nil }
            return held ?? []
        }
        for later in waiting where later.number > commit { apply(later) }
    }
}
