// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
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

    @Test("The kernel's numbers of this process are plausible and follow what it does")
    func process() throws {
        let before = ProcessStatistics()
        let (resident, virtual) = (try #require(before.residentBytes), try #require(before.virtualBytes))
        #expect(resident > 1 << 20 && resident < 1 << 40 && virtual > resident)
        #expect(try #require(before.threads) > 0 && before.mostDescriptors ?? 0 > 0)
        let opened = (0..<200).map { _ in open("/dev/null", O_RDONLY) }
        let during = ProcessStatistics()
        for file in opened { close(file) }
        let (less, more) = (try #require(before.openDescriptors), try #require(during.openDescriptors))
        let grown = more - less
        #expect(grown > 100 && grown < 300, "200 files were opened, \(grown) were seen")
        #expect(try #require(during.processorSeconds) >= before.processorSeconds ?? 0)
        let start = try #require(ProcessStatistics.startSeconds)
        let now = Double(time(nil))
        #expect(start > now - 86_400 && start < now + 1, "started at \(start), now is \(now)")
    }
}
