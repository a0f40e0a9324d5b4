// SPDX-License-Identifier: Apache-2.0

/// Minimises a smooth function of many variables by L-BFGS (Nocedal, 1980; Nocedal and Wright, algorithm 7.5).
///
/// The search direction is the gradient times an estimate of the inverse Hessian from the last few steps; the step along
/// it meets the strong Wolfe conditions. Values may carry rounding noise: a function computed in Float is as precise as
/// ``noise`` says. Deterministic.
package struct LimitedMemoryBFGS: Sendable, Equatable {
    /// Steps that are remembered; memory is 2 x this x the variables, in doubles.
    package var memory = 10
    /// The minimum is reached when no entry of the gradient is larger.
    package var gradientTolerance = 1e-5
    package var maximumIterations = 200
    /// The rounding error of a value, as a part of it.
    package var noise = 1e-7

    package init(gradientTolerance: Double = 1e-5, maximumIterations: Int = 200, noise: Double = 1e-7) {
        self.gradientTolerance = gradientTolerance
        self.maximumIterations = maximumIterations
        self.noise = noise
    }

    /// How a minimisation ended.
    package enum Ending: Sendable, Equatable {
        /// The gradient is within the tolerance.
        case converged
        /// No step lowers the value by more than its rounding error.
        case stalled
        /// ``maximumIterations`` were made.
        case cutShort
    }

    /// Where a minimisation ended.
    package struct Report: Sendable, Equatable {
        package let ending: Ending
        package let iterations: Int
        /// Times the function was computed.
        package let evaluations: Int
        package let value: Double
        /// The largest entry of the gradient.
        package let gradientSize: Double
    }

    /// Moves `point` to a minimum.
    ///
    /// `evaluate` returns the value at a point and overwrites the gradient there.
    package func minimise(
        _ point: inout [Double], _ evaluate: ([Double], inout [Double]) -> Double
    ) -> Report {
        var gradient = [Double](repeating: 0, count: point.count)
        var value = evaluate(point, &gradient)
        var history = StepHistory(limit: memory)
        var (iterations, evaluations) = (0, 1)
        func report(_ ending: Ending) -> Report {
            Report(
                ending: ending, iterations: iterations, evaluations: evaluations, value: value,
                gradientSize: Self.largest(gradient))
        }
        while Self.largest(gradient) > gradientTolerance {
            guard iterations < maximumIterations else { return report(.cutShort) }
            let direction = history.direction(for: gradient)
            let first = history.isEmpty ? min(1, 1 / Self.length(gradient)) : 1
            var search = WolfeSearch(from: point, value, gradient, along: direction, noise: noise)
            let found = search.step(first, evaluate)
            evaluations += search.evaluations
            guard let found else {
                // A direction of old steps may be useless after rounding; the plain gradient gets one more try.
                guard !history.isEmpty else { return report(.stalled) }
                history = StepHistory(limit: memory)
                continue
            }
            history.append(
                step: zip(found.point, point).map(-), change: zip(found.gradient, gradient).map(-))
            (point, value, gradient) = (found.point, found.value, found.gradient)
            iterations += 1
        }
        return report(.converged)
    }

    static func largest(_ values: [Double]) -> Double { values.reduce(0) { max($0, abs($1)) } }

    static func length(_ values: [Double]) -> Double { product(values, values).squareRoot() }

    /// The sum of products, in order.
    static func product(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                for i in 0..<a.count { sum += a[i] * b[i] }
            }
        }
        return sum
    }

    /// Adds `factor` times `other` to `values`.
    static func add(_ factor: Double, _ other: [Double], to values: inout [Double]) {
        other.withUnsafeBufferPointer { other in
            values.withUnsafeMutableBufferPointer { values in
                for i in 0..<values.count { values[i] += factor * other[i] }
            }
        }
    }
}

/// The last steps and what they did to the gradient.
private struct StepHistory {
    private struct Pair {
        let step: [Double]
        let change: [Double]
        let inverse: Double
    }

    private let limit: Int
    private var pairs: [Pair] = []

    init(limit: Int) { self.limit = limit }

    var isEmpty: Bool { pairs.isEmpty }

    /// Remembers a step along which the function curves upwards; others would spoil the estimate.
    mutating func append(step: [Double], change: [Double]) {
        let curvature = LimitedMemoryBFGS.product(step, change)
        guard
            curvature > 1e-12 * LimitedMemoryBFGS.product(change, change).squareRoot()
                * LimitedMemoryBFGS.length(step), curvature > 0
        else { return }
        if pairs.count == limit { pairs.removeFirst() }
        pairs.append(Pair(step: step, change: change, inverse: 1 / curvature))
    }

    /// Minus the estimated inverse Hessian times `gradient` (two loops over the pairs).
    func direction(for gradient: [Double]) -> [Double] {
        var result = gradient.map { -$0 }
        var weights: [Double] = []
        for pair in pairs.reversed() {
            let weight = pair.inverse * LimitedMemoryBFGS.product(pair.step, result)
            weights.append(weight)
            LimitedMemoryBFGS.add(-weight, pair.change, to: &result)
        }
        if let last = pairs.last {
            let scale = 1 / (last.inverse * LimitedMemoryBFGS.product(last.change, last.change))
            for i in result.indices { result[i] *= scale }
        }
        for (pair, weight) in zip(pairs, weights.reversed()) {
            let correction = weight - pair.inverse * LimitedMemoryBFGS.product(pair.change, result)
            LimitedMemoryBFGS.add(correction, pair.step, to: &result)
        }
        return result
    }
}
