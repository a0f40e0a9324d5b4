// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Who is told of every commit, in the order in which they came.
final class CommitObservers: Sendable {
    private struct State {
        var observers: [(number: Int, observe: @Sendable (CatalogCommit) -> Void)] = []
        var last = 0
    }

    private let state = Mutex(State())

    func send(_ commit: CatalogCommit) {
        for (_, observe) in state.withLock({ $0.observers }) { observe(commit) }
    }

    func add(_ observe: @escaping @Sendable (CatalogCommit) -> Void) -> CatalogObservation {
        let number = state.withLock { state in
            state.last += 1
            state.observers.append((state.last, observe))
            return state.last
        }
        return CatalogObservation { [weak self] in
            self?.state.withLock { state in state.observers.removeAll { $0.number == number } }
        }
    }
}

/// An observer's place among those who are told of commits; it stays until it is cancelled or the store is gone.
package struct CatalogObservation: Sendable {
    private let end: @Sendable () -> Void

    init(end: @escaping @Sendable () -> Void) {
        self.end = end
    }

    /// Ends the observation; a commit that is being sent at this moment may still arrive.
    package func cancel() { end() }
}
