// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import Telemetry

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

    var value: Int { count.load(ordering: .relaxed) }

    func leave() { count.wrappingSubtract(1, ordering: .relaxed) }
}

/// How long calls are busy with the catalog, waiting for their turn not counted.
struct CatalogSeconds: Sendable {
    /// Calls that read or change collections and answer when they are done.
    let call = Histogram()
    /// Searches.
    let search = Histogram()
}
