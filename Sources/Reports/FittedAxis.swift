// SPDX-License-Identifier: Apache-2.0

private import Foundation

/// An axis with its ends and ticks.
struct FittedAxis {
    struct Tick: Equatable {
        let value: Double
        let label: String
    }

    let axis: Axis
    let lower: Double
    let upper: Double
    let ticks: [Tick]

    /// `least` is below `most`, and on a logarithmic axis both are above 0.
    init(axis: Axis, least: Double, most: Double, roundsOut: Bool, wanted: Int) {
        precondition(least < most, "an axis from \(least) to \(most)")
        self.axis = axis
        let decades = axis.scale == .logarithmic ? log10(most) - log10(least) : 0
        if axis.scale == .logarithmic, decades >= 1 {
            (lower, upper) = (least, most)
            let values = Self.decadeTicks(least, most, wanted: max(2, wanted))
            ticks = values.map { Tick(value: $0, label: axis.format.tick($0)) }
            return
        }
        let step = Self.step((most - least) / Double(max(2, wanted)), axis.format, most: max(abs(least), abs(most)))
        let rounds = roundsOut && axis.scale == .linear
        let start = rounds && axis.lower == nil ? (least / step).rounded(.down) * step : least
        let end = rounds && axis.upper == nil ? (most / step).rounded(.up) * step : most
        (lower, upper) = (start, end)
        let values = Self.linearTicks(start, end, step: step)
        let digits = Self.digits(step: step, axis.format)
        ticks = values.map { Tick(value: $0, label: axis.format.tick($0, digits: digits)) }
    }

    /// Where `value` lies, 0 at the lower end and 1 at the upper; nil when it has no place on the axis.
    func position(_ value: Double) -> Double? {
        guard axis.accepts(value) else { return nil }
        switch axis.scale {
        case .linear: return (value - lower) / (upper - lower)
        case .logarithmic: return (log(value) - log(lower)) / (log(upper) - log(lower))
        }
    }

    /// Whether `value` lies between the ends.
    func contains(_ value: Double) -> Bool {
        lower <= value && value <= upper
    }

    /// The distance of the ticks: nice in the unit that the numbers are shown in.
    private static func step(_ step: Double, _ format: NumberText, most: Double) -> Double {
        guard format == .bytes else { return niceStep(step) }
        var unit = 1.0
        while unit * 1024 <= most, unit < 1e15 { unit *= 1024 }
        return niceStep(step / unit) * unit
    }

    /// The least of 1, 2 or 5 times a power of ten that is not below `step`.
    static func niceStep(_ step: Double) -> Double {
        guard step > 0, step.isFinite else { return 1 }
        let power = pow(10, log10(step).rounded(.down))
        for factor in [1.0, 2, 5] where step <= factor * power * (1 + 1e-9) { return factor * power }
        return 10 * power
    }

    /// The multiples of `step` from `start` to `end`.
    private static func linearTicks(_ start: Double, _ end: Double, step: Double) -> [Double] {
        let first = (start / step - 1e-9).rounded(.up)
        let last = (end / step + 1e-9).rounded(.down)
        guard first.isFinite, last.isFinite, last - first < 100, last >= first else { return [start, end] }
        return stride(from: first, through: last, by: 1).map { $0 == 0 ? 0 : $0 * step }
    }

    /// Powers of ten, with 2 and 5 times each where there is room, or only some of them where there is none.
    private static func decadeTicks(_ least: Double, _ most: Double, wanted: Int) -> [Double] {
        let first = Int((log10(least) + 1e-9).rounded(.down))
        let last = Int((log10(most) - 1e-9).rounded(.up))
        let decades = last - first
        var factors = [1.0]
        if decades * 3 <= wanted + 2 {
            factors = [1, 2, 5]
        } else if decades * 2 <= wanted + 1 {
            factors = [1, 3]
        }
        let every = max(1, (decades + wanted) / (wanted + 1))
        let powers = (first...last).filter { $0 % every == 0 }.map { pow(10, Double($0)) }
        let values = powers.flatMap { power in factors.map { $0 * power } }
        return values.filter { $0 >= least * (1 - 1e-9) && $0 <= most * (1 + 1e-9) }
    }

    /// Digits after the point that tell multiples of `step` apart.
    private static func digits(step: Double, _ format: NumberText) -> Int {
        let shown = format == .percent ? step * 100 : step
        if format == .bytes { return 0 }
        return max(0, min(12, -Int((log10(shown) + 1e-9).rounded(.down))))
    }
}

extension NumberText {
    /// The label of a tick on an axis whose steps need `digits` digits after the point.
    fileprivate func tick(_ value: Double, digits: Int) -> String {
        switch self {
        case .number: Self.plainTick(value, digits: digits)
        case .unit(let unit): Self.plainTick(value, digits: digits) + " " + unit
        case .percent: fixed(value, digits: digits)
        case .bytes: short(value).replacing(".0 ", with: " ")
        }
    }

    /// The label of a tick on a logarithmic axis.
    fileprivate func tick(_ value: Double) -> String {
        let size = abs(self == .percent ? value * 100 : value)
        return tick(value, digits: size >= 1 ? 0 : max(0, -Int((log10(size) + 1e-9).rounded(.down))))
    }

    private static func plainTick(_ value: Double, digits: Int) -> String {
        let size = abs(value)
        if size >= 1e15 || digits > 5 { return Self.power(value) }
        if size >= 1e6 { return trimmed(value / 1e6) + "M" }
        if size >= 1e4 { return trimmed(value / 1e3) + "k" }
        return grouped(value, digits: digits)
    }

    /// As in 5e−7 or 1e300.
    private static func power(_ value: Double) -> String {
        String(format: "%.3g", value).replacing("e+", with: "e").replacing("e-0", with: "e-").replacing("-", with: "−")
    }

    private static func trimmed(_ value: Double) -> String {
        let text = grouped(value, digits: 3)
        let end = text.lastIndex { $0 != "0" } ?? text.startIndex
        return String(text[end] == "." ? text[..<end] : text[...end])
    }
}
