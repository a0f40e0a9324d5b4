// SPDX-License-Identifier: Apache-2.0

private import Synchronization

/// A number that only grows, safe from any thread, one atomic addition a call.
package final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    package init() {}

    package func add(_ amount: Int = 1) {
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    package var value: Int { count.load(ordering: .relaxed) }
}

/// A number that goes up and down, such as connections or queue places in use.
package final class Gauge: Sendable {
    private let level = Atomic<Int>(0)

    package init() {}

    /// Adds `amount`, which may be negative, and returns the new level.
    @discardableResult
    package func add(_ amount: Int) -> Int {
        level.wrappingAdd(amount, ordering: .relaxed).newValue
    }

    package var value: Int { level.load(ordering: .relaxed) }
}
