// SPDX-License-Identifier: Apache-2.0

/// The bootstrap (Efron, 1979): how much a mean would change with other test rows, from redrawing those there are.
///
/// Groups are drawn as a whole. Deterministic in the seed; costs resamples x groups.
package struct Bootstrap: Sendable, Equatable {
    /// Times the rows are redrawn.
    package var resamples: Int
    package var seed: UInt64
    /// The confidence of the intervals.
    package var level: Double

    package init(resamples: Int = 2_000, seed: UInt64 = 0, level: Double = 0.95) {
        precondition(resamples > 0 && level > 0 && level < 1, "\(resamples) resamples, level \(level)")
        self.resamples = resamples
        self.seed = seed
        self.level = level
    }

    /// The mean of `values` with the percentile interval of its redrawn means; no values give 0 in 0...0.
    package func mean(of values: [Double], groups: [Int]? = nil) -> Estimate {
        guard !values.isEmpty else { return Estimate(value: 0, interval: Interval(low: 0, high: 0), count: 0) }
        let redrawn = means(of: [values], groups: groups).map { $0[0] }
        return Estimate(
            value: values.reduce(0, +) / Double(values.count), interval: interval(of: redrawn), count: values.count)
    }

    /// The range that holds the middle ``level`` of `samples`.
    package func interval(of samples: [Double]) -> Interval {
        let sorted = samples.sorted()
        return Interval(
            low: Self.quantile((1 - level) / 2, of: sorted), high: Self.quantile((1 + level) / 2, of: sorted))
    }

    /// One list a resample: the mean of each column over the rows drawn, the same rows for all columns.
    ///
    /// Columns have a number a row, and at least one row.
    package func means(of columns: [[Double]], groups: [Int]? = nil) -> [[Double]] {
        let rows = columns.first?.count ?? 0
        precondition(rows > 0 && columns.allSatisfy { $0.count == rows }, "columns of unequal length or without rows")
        let units = groups.map(Grouping.units)
        let sizes = units.map { $0.map { Double($0.count) } }
        let sums = columns.map { column in
            units.map { $0.map { unit in unit.reduce(0.0) { $0 + column[$1] } } } ?? column
        }
        let count = units?.count ?? rows
        var stream = SeededStream(seed: seed, 0xB007)
        return (0..<resamples).map { _ in
            var totals = [Double](repeating: 0, count: columns.count)
            var size = 0.0
            for _ in 0..<count {
                let unit = stream.index(below: count)
                size += sizes?[unit] ?? 1
                for column in 0..<totals.count { totals[column] += sums[column][unit] }
            }
            return totals.map { $0 / size }
        }
    }

    /// The value below which `share` of the ascending numbers lie, between neighbours on a straight line.
    package static func quantile(_ share: Double, of sorted: [Double]) -> Double {
        guard let first = sorted.first, let last = sorted.last else { return .nan }
        let place = share * Double(sorted.count - 1)
        guard place > 0 else { return first }
        guard place < Double(sorted.count - 1) else { return last }
        let below = Int(place)
        return sorted[below] + (place - Double(below)) * (sorted[below + 1] - sorted[below])
    }
}
