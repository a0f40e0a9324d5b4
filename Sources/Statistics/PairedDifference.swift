// SPDX-License-Identifier: Apache-2.0

/// Whether one model is better than another on the same test rows.
///
/// Both are scored on the same redrawn rows, so what makes a row hard for both cancels; the interval is much narrower
/// than the two models' own.
package struct PairedDifference: Sendable, Equatable, Codable {
    /// The mean of the first minus that of the second, with its interval.
    package let difference: Estimate
    /// Two-sided: how often redrawing would put the difference on the other side of zero; 1 for equal scores.
    package let pValue: Double

    /// Compares the scores of each row: 1 and 0 for right and wrong, or any other number whose mean counts.
    package init(first: [Double], second: [Double], groups: [Int]? = nil, bootstrap: Bootstrap = Bootstrap()) {
        precondition(first.count == second.count, "\(first.count) scores against \(second.count)")
        let gains = zip(first, second).map(-)
        guard !gains.isEmpty else {
            difference = Estimate(value: 0, interval: Interval(low: 0, high: 0), count: 0)
            pValue = 1
            return
        }
        let redrawn = bootstrap.means(of: [gains], groups: groups).map { $0[0] }
        let above = redrawn.count { $0 >= 0 }
        let below = redrawn.count { $0 <= 0 }
        difference = Estimate(
            value: gains.reduce(0, +) / Double(gains.count), interval: bootstrap.interval(of: redrawn),
            count: gains.count)
        pValue = min(1, 2 * Double(min(above, below) + 1) / Double(bootstrap.resamples + 1))
    }

    /// Whether the interval leaves zero out: the first is better for certain (at its level).
    package var isBetter: Bool { difference.interval.low > 0 }

    /// As ``isBetter``, the other way round.
    package var isWorse: Bool { difference.interval.high < 0 }
}
