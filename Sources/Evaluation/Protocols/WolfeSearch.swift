// SPDX-License-Identifier: Apache-2.0

/// A step length that meets the strong Wolfe conditions (Nocedal and Wright, algorithms 3.5 and 3.6).
///
/// The value must fall by a small part of what the slope promises, and the slope must flatten. Differences within the
/// rounding error of the values count as no difference.
struct WolfeSearch {
    /// A point on the line.
    struct Place {
        let length: Double
        let point: [Double]
        let value: Double
        let gradient: [Double]
        let slope: Double
    }

    private static let decrease = 1e-4
    private static let flattening = 0.9
    private static let longest = 1e10
    private static let maximumEvaluations = 25

    private let start: Place
    private let direction: [Double]
    private let slack: Double
    private(set) var evaluations = 0

    init(from point: [Double], _ value: Double, _ gradient: [Double], along direction: [Double], noise: Double) {
        self.direction = direction
        let slope = LimitedMemoryBFGS.product(gradient, direction)
        start = Place(length: 0, point: point, value: value, gradient: gradient, slope: slope)
        slack = noise * abs(value)
    }

    /// The place found, trying `first` first; nil when the line does not go down or no place was found.
    mutating func step(_ first: Double, _ evaluate: ([Double], inout [Double]) -> Double) -> Place? {
        guard start.slope < 0 else { return nil }
        var (before, length) = (start, first)
        while evaluations < Self.maximumEvaluations, length < Self.longest {
            let place = visit(length, evaluate)
            if !isLower(place) || before.length > 0 && place.value > before.value + slack {
                return narrow(low: before, high: place, evaluate)
            }
            if isFlat(place) { return place }
            if place.slope >= 0 { return narrow(low: place, high: before, evaluate) }
            before = place
            length *= 2
        }
        return before.length > 0 ? before : nil
    }

    /// Searches between two places, of which `low` has the lower value and slopes towards `high`.
    private mutating func narrow(
        low: Place, high: Place, _ evaluate: ([Double], inout [Double]) -> Double
    ) -> Place? {
        var (low, high) = (low, high)
        while evaluations < Self.maximumEvaluations {
            let place = visit(Self.between(low, high), evaluate)
            if !isLower(place) || place.value > low.value + slack {
                high = place
                continue
            }
            if isFlat(place) { return place }
            if place.slope * (high.length - low.length) >= 0 { high = low }
            low = place
        }
        return low.length > 0 && low.value < start.value ? low : nil
    }

    private mutating func visit(_ length: Double, _ evaluate: ([Double], inout [Double]) -> Double) -> Place {
        evaluations += 1
        var point = start.point
        LimitedMemoryBFGS.add(length, direction, to: &point)
        var gradient = [Double](repeating: 0, count: point.count)
        let value = evaluate(point, &gradient)
        return Place(
            length: length, point: point, value: value, gradient: gradient,
            slope: LimitedMemoryBFGS.product(gradient, direction))
    }

    /// False for a value that is not a number, too.
    private func isLower(_ place: Place) -> Bool {
        place.value <= start.value + Self.decrease * place.length * start.slope + slack
    }

    private func isFlat(_ place: Place) -> Bool { abs(place.slope) <= -Self.flattening * start.slope }

    /// The minimum of the cubic through both values and slopes, kept off the ends; the middle where there is none.
    private static func between(_ a: Place, _ b: Place) -> Double {
        let (left, right) = (min(a.length, b.length), max(a.length, b.length))
        let margin = 0.1 * (right - left)
        let first = a.slope + b.slope - 3 * (a.value - b.value) / (a.length - b.length)
        let root = first * first - a.slope * b.slope
        guard root >= 0, root.isFinite else { return (left + right) / 2 }
        let second = (b.length > a.length ? 1.0 : -1.0) * root.squareRoot()
        let cubic = b.length - (b.length - a.length) * (b.slope + second - first) / (b.slope - a.slope + 2 * second)
        guard cubic.isFinite else { return (left + right) / 2 }
        return min(max(cubic, left + margin), right - margin)
    }
}
