// SPDX-License-Identifier: Apache-2.0

/// Where time comes from: the monotonic clock in the program, a hand-turned one in tests.
package protocol Ticker: Sendable {
    /// Time since an arbitrary fixed point, never running backwards.
    var now: Duration { get }
}

/// The machine's monotonic clock.
package struct MonotonicTicker: Ticker {
    private static let origin = ContinuousClock.now

    package init() {}

    package var now: Duration { ContinuousClock.now - Self.origin }
}

extension Duration {
    /// The duration in seconds as a floating-point number.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
