// SPDX-License-Identifier: Apache-2.0

private import Foundation

/// What is known of an axis before the data are seen.
package struct Axis: Sendable, Equatable {
    package enum Scale: Sendable, Equatable {
        case linear
        /// Equal factors are equal distances; values of 0 and below have no place and are left out.
        case logarithmic
    }

    /// What it measures, with its unit; empty for none.
    package var title: String
    package var scale: Scale
    package var format: NumberText
    /// Where it begins; nil lets the data decide.
    package var lower: Double?
    /// Where it ends; nil lets the data decide.
    package var upper: Double?

    package init(
        _ title: String = "", scale: Scale = .linear, format: NumberText = .number, lower: Double? = nil,
        upper: Double? = nil
    ) {
        self.title = title
        self.scale = scale
        self.format = format
        self.lower = lower
        self.upper = upper
    }

    /// Whether a value has a place on an axis of this kind.
    func accepts(_ value: Double) -> Bool {
        abs(value) <= 1e300 && (scale == .linear || value >= 1e-280)
    }

    /// The axis for data between the least and the greatest of `values`; those without a place are passed over.
    ///
    /// With `roundsOut` it is drawn out to whole ticks, which suits the upright axis of a chart.
    func fitted(to values: some Sequence<Double>, roundsOut: Bool, ticks: Int = 5) -> FittedAxis {
        var (least, most) = (Double.infinity, -Double.infinity)
        for value in values where accepts(value) {
            let shown = abs(value) < 1e-290 ? 0 : value
            least = min(least, shown)
            most = max(most, shown)
        }
        if let lower, accepts(lower) { least = lower }
        if let upper, accepts(upper) { most = upper }
        if least > most { (least, most) = emptyRange(least, most) }
        if most - least <= 1e-9 * max(abs(least), abs(most)) { (least, most) = widened(least) }
        return FittedAxis(axis: self, least: least, most: most, roundsOut: roundsOut, wanted: ticks)
    }

    /// A range where there are no data, or where all lie beyond the end that was asked for.
    private func emptyRange(_ least: Double, _ most: Double) -> (Double, Double) {
        if least.isFinite, most.isFinite { return (most, least) }
        if least.isFinite { return widened(least) }
        if most.isFinite { return widened(most) }
        return scale == .linear ? (0, 1) : (1, 10)
    }

    /// A range around a single value, or around values that only rounding tells apart.
    private func widened(_ value: Double) -> (Double, Double) {
        if scale == .logarithmic { return (value / 2, value * 2) }
        let margin = value == 0 ? 1 : abs(value) * 0.1
        return (value - margin, value + margin)
    }
}
