// SPDX-License-Identifier: Apache-2.0

import Evaluation
import TestSupport
import Statistics
import Testing

@Suite("Intervals")
struct IntervalTests {
    @Test("Wilson's interval is SciPy's")
    func wilson() throws {
        let values = try ProtocolFixture().values("wilson").map(Double.init)
        for row in stride(from: 0, to: values.count, by: 4) {
            let (hits, count) = (values[row], values[row + 1])
            let interval = Interval.wilson(share: hits / count, count: count)
            #expect(abs(interval.low - values[row + 2]) < 1e-6 && abs(interval.high - values[row + 3]) < 1e-6)
        }
        #expect(Interval.wilson(share: 0, count: 0) == Interval(low: 0, high: 1))
    }

    @Test("Student's interval has the quantiles of the tables", arguments: [(6, 2.5706), (10, 2.2622), (30, 2.0452)])
    func student(samples: Int, quantile: Double) {
        let interval = Interval.student(mean: 3, error: 2, samples: samples)
        #expect(abs(interval.high - 3 - 2 * quantile) < 0.012 && abs(interval.low + interval.high - 6) < 1e-12)
    }

    @Test("95% intervals of a proportion hold the truth in about 95% of experiments", arguments: [0.5, 0.1, 0.97])
    func coverage(truth: Double) {
        var random = SeededGenerator(seed: 8)
        let held = (0..<1_000).count { _ in
            let hits = (0..<80).map { _ in Double.random(in: 0..<1, using: &random) < truth }
            return Estimate.proportion(of: hits).interval.contains(truth)
        }
        #expect(held > 925 && held < 985, "\(held) of 1000")
    }

    /// Hits of groups of `size` rows that share their fate with a probability of `alike`.
    private func clustered(
        _ groups: Int, size: Int, truth: Double, alike: Double, _ random: inout SeededGenerator
    ) -> (hits: [Bool], groups: [Int]) {
        var hits: [Bool] = []
        for _ in 0..<groups {
            let fate = Double.random(in: 0..<1, using: &random) < truth
            for _ in 0..<size {
                let isAlike = Double.random(in: 0..<1, using: &random) < alike
                hits.append(isAlike ? fate : Double.random(in: 0..<1, using: &random) < truth)
            }
        }
        return (hits, (0..<groups).flatMap { Array(repeating: $0, count: size) })
    }

    @Test("Rows that come in groups need wider intervals, and get them", arguments: [0.0, 0.7, 1.0])
    func clusteredCoverage(alike: Double) {
        var random = SeededGenerator(seed: 9)
        var (held, naive, bootstrapped) = (0, 0, 0)
        for number in 0..<300 {
            let (hits, groups) = clustered(60, size: 4, truth: 0.7, alike: alike, &random)
            held += Estimate.proportion(of: hits, groups: groups).interval.contains(0.7) ? 1 : 0
            naive += Estimate.proportion(of: hits).interval.contains(0.7) ? 1 : 0
            guard number < 50 else { continue }
            let mean = Bootstrap(resamples: 200, seed: UInt64(number)).mean(of: hits.map { $0 ? 1 : 0 }, groups: groups)
            bootstrapped += mean.interval.contains(0.7) ? 1 : 0
        }
        #expect(held > 275, "\(held) of 300")
        #expect(bootstrapped > 42, "\(bootstrapped) of 50")
        if alike == 1 { #expect(naive < 245, "\(naive) of 300: the test would pass without groups") }
    }

    @Test("Groups that agree are counted as groups, and groups of one as rows")
    func effectiveRows() {
        let all = Estimate.proportion(of: Array(repeating: true, count: 40), groups: (0..<40).map { $0 / 4 })
        #expect(all.interval == .wilson(share: 1, count: 10) && all.count == 40)
        let hits = (0..<40).map { $0 % 3 == 0 }
        let single = Estimate.proportion(of: hits, groups: Array(0..<40)).interval
        let plain = Estimate.proportion(of: hits).interval
        #expect(abs(single.low - plain.low) < 0.005 && abs(single.high - plain.high) < 0.005)
        // One right of five in every group scatters less than chance; it is not taken for more rows than there are.
        let steady = Estimate.proportion(of: (0..<100).map { $0 % 5 == 0 }, groups: (0..<100).map { $0 / 5 })
        #expect(steady.interval == .wilson(share: 0.2, count: 100))
        #expect(Estimate.proportion(of: [Bool]()).interval == Interval(low: 0, high: 1))
    }

    @Test("Rows that are right in part count by their mean")
    func parts() {
        let estimate = Estimate.proportion(of: [0.5, 1, 0, 0.5])
        #expect(estimate.value == 0.5 && estimate.interval == .wilson(share: 0.5, count: 4))
    }
}

@Suite("The bootstrap")
struct BootstrapTests {
    @Test("It is that of the plain formula for a mean, and depends on the seed alone")
    func mean() {
        var random = SeededGenerator(seed: 2)
        let values = Made.normals(200, &random).map(Double.init)
        let estimate = Bootstrap(seed: 1).mean(of: values)
        let mean = values.reduce(0, +) / 200
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 199
        let normal = Interval.normal(mean: mean, error: (variance / 200).squareRoot())
        #expect(abs(estimate.value - mean) < 1e-12)
        #expect(abs(estimate.interval.low - normal.low) < 0.015 && abs(estimate.interval.high - normal.high) < 0.015)
        #expect(Bootstrap(seed: 1).mean(of: values) == estimate && Bootstrap(seed: 2).mean(of: values) != estimate)
    }

    @Test("Its intervals hold the truth in about 95% of experiments")
    func coverage() {
        var random = SeededGenerator(seed: 4)
        let held = (0..<120).count { number in
            let values = Made.normals(50, &random).map(Double.init)
            return Bootstrap(resamples: 300, seed: UInt64(number)).mean(of: values).interval.contains(0)
        }
        #expect(held > 103 && held < 120, "\(held) of 120")
    }

    @Test("Groups of unequal size are drawn as a whole")
    func groups() {
        // One group of 90 rows at 1 and ten of one row at 0: rows alone would make the mean look certain.
        let values = Array(repeating: 1.0, count: 90) + Array(repeating: 0, count: 10)
        let groups = Array(repeating: 0, count: 90) + Array(1...10)
        let whole = Bootstrap().mean(of: values, groups: groups).interval
        #expect(whole.low == 0 && whole.high > 0.95)
        #expect(Bootstrap().mean(of: values).interval.low > 0.8)
    }

    @Test("Columns are redrawn together")
    func columns() {
        let first = (0..<30).map { Double($0 * $0) }
        let means = Bootstrap(resamples: 50).means(of: [first, first.map { 2 * $0 + 1 }])
        #expect(means.allSatisfy { abs($0[1] - 2 * $0[0] - 1) < 1e-9 })
    }

    @Test("Quantiles lie between neighbours on a straight line")
    func quantiles() {
        let values = [1.0, 2, 4, 8]
        #expect(Bootstrap.quantile(0.5, of: values) == 3 && Bootstrap.quantile(0, of: values) == 1)
        #expect(Bootstrap.quantile(1, of: values) == 8 && abs(Bootstrap.quantile(0.9, of: values) - 6.8) < 1e-12)
        #expect(Bootstrap.quantile(0.5, of: []).isNaN)
        #expect(Bootstrap().mean(of: []).interval == Interval(low: 0, high: 0))
    }
}

@Suite("Paired differences")
struct PairedDifferenceTests {
    @Test("Equal scores are no difference, and a constant gain is one for certain")
    func extremes() {
        let scores = (0..<60).map { $0 % 3 == 0 ? 1.0 : 0 }
        let same = PairedDifference(first: scores, second: scores)
        #expect(same.pValue == 1 && !same.isBetter && !same.isWorse && same.difference.value == 0)
        let better = PairedDifference(first: scores.map { $0 + 0.1 }, second: scores)
        #expect(better.isBetter && better.pValue < 0.01 && abs(better.difference.value - 0.1) < 1e-12)
        let worse = PairedDifference(first: scores, second: scores.map { $0 + 0.1 })
        #expect(worse.isWorse && !worse.isBetter)
    }

    @Test("Pairs are told apart where the models' own intervals overlap")
    func pairing() {
        // Both are right on the same easy rows; the first also on a few more.
        let second = (0..<200).map { $0 < 100 ? 1.0 : 0 }
        let first = (0..<200).map { $0 < 112 ? 1.0 : 0 }
        let own = [first, second].map { Estimate.proportion(of: $0.map { $0 == 1 }).interval }
        #expect(own[0].low < own[1].high)
        #expect(PairedDifference(first: first, second: second).isBetter)
    }

    @Test("Two models that are equally good are called different in about 5% of experiments")
    func falseAlarms() {
        var random = SeededGenerator(seed: 6)
        var alarms = 0
        for number in 0..<150 {
            let pairs = (0..<120).map { _ in
                (
                    Double.random(in: 0..<1, using: &random) < 0.6 ? 1.0 : 0,
                    Double.random(in: 0..<1, using: &random) < 0.6 ? 1.0 : 0
                )
            }
            let difference = PairedDifference(
                first: pairs.map(\.0), second: pairs.map(\.1),
                bootstrap: Bootstrap(resamples: 200, seed: UInt64(number)))
            alarms += difference.isBetter || difference.isWorse ? 1 : 0
        }
        #expect(alarms > 1 && alarms < 17, "\(alarms) of 150")
    }
}
