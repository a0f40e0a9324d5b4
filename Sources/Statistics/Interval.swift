// SPDX-License-Identifier: Apache-2.0

/// A range that holds the true value with the stated confidence, 95% unless said otherwise.
package struct Interval: Sendable, Equatable, Codable {
    package let low: Double
    package let high: Double

    package init(low: Double, high: Double) {
        self.low = low
        self.high = high
    }

    /// Standard deviations that hold 95% of a normal distribution on both sides together.
    package static let deviations = 1.959963984540054

    package var width: Double { high - low }

    /// Whether `value` lies within, ends included.
    package func contains(_ value: Double) -> Bool { low <= value && value <= high }

    /// Wilson's score interval for a proportion of `share` seen in `count` independent trials (JASA 1927).
    ///
    /// `count` may be an effective number that is not whole; without trials the interval is 0...1.
    package static func wilson(share: Double, count: Double, deviations z: Double = deviations) -> Interval {
        guard count > 0 else { return Interval(low: 0, high: 1) }
        let centre = (share + z * z / (2 * count)) / (1 + z * z / count)
        let inside = share * (1 - share) / count + z * z / (4 * count * count)
        let reach = z * inside.squareRoot() / (1 + z * z / count)
        return Interval(low: max(0, min(share, centre - reach)), high: min(1, max(share, centre + reach)))
    }

    /// `mean` plus and minus 1.96 standard errors.
    package static func normal(mean: Double, error: Double) -> Interval {
        Interval(low: mean - deviations * error, high: mean + deviations * error)
    }

    /// `mean` plus and minus its standard `error` times Student's t, for an error estimated from few `samples` (two at
    /// least): 2.26 for 10 samples where a normal law has 1.96.
    ///
    /// The quantile is the series of Abramowitz and Stegun, 26.7.5: right to 0.3% from 5 samples on, too small
    /// for fewer.
    package static func student(mean: Double, error: Double, samples: Int) -> Interval {
        precondition(samples > 1, "\(samples) samples")
        let (z, freedom) = (deviations, Double(samples - 1))
        let square = z * z
        let second = z * (square + 1) / 4
        let third = z * ((5 * square + 16) * square + 3) / 96
        let fourth = z * (((3 * square + 19) * square + 17) * square - 15) / 384
        let quantile = z + (second + (third + fourth / freedom) / freedom) / freedom
        return Interval(low: mean - quantile * error, high: mean + quantile * error)
    }
}

/// A measured number with its 95% interval.
package struct Estimate: Sendable, Equatable, Codable {
    package let value: Double
    package let interval: Interval
    /// Rows (or draws) that it was measured on.
    package let count: Int

    package init(value: Double, interval: Interval, count: Int) {
        self.value = value
        self.interval = interval
        self.count = count
    }

    /// The share of `hits` that are true, with Wilson's interval.
    ///
    /// Rows of one group are not independent; the interval then counts them as the number of independent rows that would
    /// scatter as much (Kish's design effect), never more than there are. Where all rows agree, which hides how alike
    /// the rows of a group are, that number is the number of groups. No rows give 0 in 0...1.
    package static func proportion(of hits: [Bool], groups: [Int]? = nil) -> Estimate {
        proportion(of: hits.map { $0 ? 1.0 : 0 }, groups: groups)
    }

    /// The same for rows that are right in part: the mean of `parts`, each 0 to 1.
    ///
    /// They scatter no more than hits and misses of the same mean, so the interval is wide enough.
    package static func proportion(of parts: [Double], groups: [Int]? = nil) -> Estimate {
        let count = Double(parts.count)
        let share = parts.isEmpty ? 0 : min(1, max(0, parts.reduce(0, +) / count))
        let effective = groups.map { effectiveCount(parts, $0, share) } ?? count
        return Estimate(value: share, interval: .wilson(share: share, count: effective), count: parts.count)
    }

    private static func effectiveCount(_ parts: [Double], _ groups: [Int], _ share: Double) -> Double {
        precondition(parts.count == groups.count, "\(parts.count) rows, \(groups.count) groups")
        let units = Grouping.units(groups)
        guard units.count > 1 else { return Double(units.count) }
        let binomial = share * (1 - share) * Double(parts.count)
        guard binomial > 0 else { return Double(units.count) }
        let scatter = units.reduce(0.0) { sum, unit in
            let excess = unit.reduce(0.0) { $0 + parts[$1] - share }
            return sum + excess * excess
        }
        let correction = Double(units.count) / Double(units.count - 1)
        guard scatter > 0 else { return Double(parts.count) }
        return min(Double(parts.count), Double(parts.count) * binomial / (scatter * correction))
    }
}
