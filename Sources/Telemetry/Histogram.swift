// SPDX-License-Identifier: Apache-2.0

private import Synchronization

/// Counts of observations in fixed buckets, as Prometheus understands a histogram.
///
/// Safe from any thread; one lock held for a handful of instructions an observation.
package final class Histogram: Sendable {
    /// Upper bounds of the buckets, ascending; a last bucket without a bound follows.
    package let bounds: [Double]
    private let state: Mutex<Snapshot>

    /// What was observed so far.
    package struct Snapshot: Sendable, Equatable {
        /// Observations a bucket, not cumulative; one more than there are bounds.
        package var counts: [Int]
        package var sum: Double
        package var total: Int { counts.reduce(0, +) }
    }

    /// Bounds for durations in seconds, 0.1 ms to 10 s in steps of about 2.
    package static let durations: [Double] = [
        0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10,
    ]

    package init(bounds: [Double] = Histogram.durations) {
        self.bounds = bounds
        state = Mutex(Snapshot(counts: Array(repeating: 0, count: bounds.count + 1), sum: 0))
    }

    package func observe(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock {
            $0.counts[bucket] += 1
            $0.sum += value
        }
    }

    package func observe(_ duration: Duration) {
        observe(duration.seconds)
    }

    package var snapshot: Snapshot { state.withLock { $0 } }
}
