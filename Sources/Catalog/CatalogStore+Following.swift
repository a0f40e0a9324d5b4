// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

extension CatalogStore {
    /// Runs `body` on one state of the whole catalog, on a connection of its own, while other calls go on.
    ///
    /// The log cannot shrink meanwhile. Never call it from a completion or an observer.
    package func snapshot<Value: Sendable>(
        _ body: (CatalogSnapshot) throws(CatalogError) -> Value
    ) throws(CatalogError) -> Value {
        try snapshot(telling: nil, body)
    }

    private func snapshot<Value: Sendable>(
        telling progress: LoadProgress?, _ body: (CatalogSnapshot) throws(CatalogError) -> Value
    ) throws(CatalogError) -> Value {
        try readers.readAlone { (connection) throws(CatalogError) in
            // The first read fixes the state; between two transactions the writer's count belongs to just that state.
            let found = try writer.exclusively { (_) throws(CatalogError) -> (Int, [CollectionRecord]) in
                (writer.counts.withLock { $0.transactions }, try CollectionRows.all(on: connection))
            }
            progress?.begin(total: found.1.reduce(0) { $0 &+ $1.items })
            return try body(
                CatalogSnapshot(
                    commit: found.0, collections: found.1, connection: connection, progress: progress))
        }
    }

    /// Calls `observer` after every commit, in order, on the writer's queue, before the commit's writes are acknowledged.
    package func observe(_ observer: @escaping @Sendable (CatalogCommit) -> Void) -> CatalogObservation {
        observers.add(observer)
    }

    /// Gives `load` the catalog as it stands and `apply` every later commit, in order: none is missing, none comes twice.
    ///
    /// Commits made while `load` runs wait in memory; when this returns they have been applied, and from then on a write
    /// is applied before it is acknowledged; ``loading`` tells how far `load` is with the vectors. `apply` runs on the writer's queue. Throws what ``snapshot(_:)`` and `load`
    /// throw; nothing is observed then. Never call it from a completion or an observer.
    package func follow<Value: Sendable>(
        load: (CatalogSnapshot) throws(CatalogError) -> Value, apply: @escaping @Sendable (CatalogCommit) -> Void
    ) throws(CatalogError) -> (loaded: Value, observation: CatalogObservation) {
        let gate = FollowerGate(apply)
        let observation = observers.add { gate.send($0) }
        do throws(CatalogError) {
            let (commit, loaded) = try snapshot(telling: loading) { (snapshot) throws(CatalogError) in
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
