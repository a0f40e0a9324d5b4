// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import Telemetry

/// Responses by route and status, and how long each route took.
///
/// Any thread. Routes are patterns of ours, so their number is bounded.
final class ResponseCounters: Sendable {
    struct Key: Hashable, Sendable, Comparable {
        let route: String
        let status: Int

        static func < (one: Key, other: Key) -> Bool { (one.route, one.status) < (other.route, other.status) }
    }

    private struct State {
        var counts: [Key: Int] = [:]
        var bytes = 0
        var seconds: [String: Histogram] = [:]
    }

    private let state = Mutex(State())

    /// Counts a response of `bytes`, and its time where the route was entered.
    func count(route: String, status: Int, bytes: Int, seconds: Double? = nil) {
        let histogram = state.withLock { state -> Histogram? in
            state.counts[Key(route: route, status: status), default: 0] += 1
            state.bytes &+= bytes
            guard seconds != nil else { return nil }
            if let known = state.seconds[route] { return known }
            let made = Histogram()
            state.seconds[route] = made
            return made
        }
        if let seconds { histogram?.observe(seconds) }
    }

    /// Responses by route and status, in order.
    var counts: [(key: Key, value: Int)] { state.withLock { $0.counts }.sorted { $0.key < $1.key } }

    /// Bytes of all responses' bodies.
    var bytes: Int { state.withLock { $0.bytes } }

    /// Seconds by route, in order.
    var seconds: [(key: String, value: Histogram)] { state.withLock { $0.seconds }.sorted { $0.key < $1.key } }
}
