// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Telemetry
import TestSupport
import Testing

@Suite("Counters, gauges and histograms")
struct TelemetryTests {
    @Test("Nothing is lost when many threads count")
    func counting() {
        let counter = Counter()
        let gauge = Gauge()
        let histogram = Histogram(bounds: [1, 2])
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for _ in 0..<1000 {
                counter.add(2)
                gauge.add(thread % 2 == 0 ? 1 : -1)
                histogram.observe(1.5)
            }
        }
        #expect(counter.value == 16_000 && gauge.value == 0)
        #expect(histogram.snapshot.counts == [0, 8000, 0] && histogram.snapshot.sum == 12_000)
    }

    @Test("An observation on a bound belongs to its bucket, one beyond the last to the open one")
    func buckets() {
        let histogram = Histogram(bounds: [0.1, 1])
        for value in [0.05, 0.1, 0.100001, 1, 7] { histogram.observe(value) }
        histogram.observe(Duration.milliseconds(500))
        #expect(histogram.snapshot.counts == [2, 3, 1] && histogram.snapshot.total == 6)
    }

    @Test("The clock never runs backwards")
    func ticker() {
        let ticker = MonotonicTicker()
        let readings = (0..<1000).map { _ in ticker.now }
        #expect(zip(readings, readings.dropFirst()).allSatisfy { $0 <= $1 })
    }
}
