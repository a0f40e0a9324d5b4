// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Counts the calls that wait for the catalog, so that there is an end to them.
final class WaitingCalls: Sendable {
    private let count = Atomic<Int>(0)
    private let most: Int

    init(most: Int) { self.most = most }

    /// Takes a place; false when all are taken.
    func enter() -> Bool {
        guard count.wrappingAdd(1, ordering: .relaxed).newValue <= most else {
            leave()
            return false
        }
        return true
    }

    func leave() { count.wrappingSubtract(1, ordering: .relaxed) }
}
