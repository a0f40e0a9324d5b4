// SPDX-License-Identifier: Apache-2.0

private import Foundation

/// A linear map along one axis: each output is a weighted sum of neighbouring inputs.
package struct AxisWeights: Sendable, Equatable {
    let inputs: Int
    let outputs: Int
    /// First input of each output.
    let first: [Int]
    /// Inputs of each output.
    let count: [Int]
    /// `stride` weights for each output, of which `count` are used.
    let weights: [Float]
    let stride: Int

    /// From the inputs of each output: a first place and the weights from there on.
    init(inputs: Int, rows: [(first: Int, weights: [Double])]) {
        let stride = rows.reduce(0) { max($0, $1.weights.count) }
        var flat = [Float](repeating: 0, count: stride * rows.count)
        for (output, row) in rows.enumerated() {
            for (tap, weight) in row.weights.enumerated() { flat[output * stride + tap] = Float(weight) }
        }
        self.inputs = inputs
        outputs = rows.count
        first = rows.map(\.first)
        count = rows.map(\.weights.count)
        weights = flat
        self.stride = stride
    }
}

extension AxisWeights {
    /// A filter of an odd number of taps over `count` samples, the edge folded in.
    package init(filter taps: [Double], count: Int, border: Border) {
        let radius = taps.count / 2
        let rows = (0..<count).map { output in
            let first = max(0, output - radius)
            var row = [Double](repeating: 0, count: min(count - 1, output + radius) - first + 1)
            for (tap, weight) in taps.enumerated() {
                row[border.index(output + tap - radius, count: count) - first] += weight
            }
            return (first, row)
        }
        self.init(inputs: count, rows: rows)
    }

    /// exp(-x^2 / (2 sigma^2)), normalised, cut off `truncate` deviations from the middle; SciPy's `gaussian_filter1d`.
    package static func gaussian(sigma: Double, truncate: Double = 4) -> [Double] {
        taps(sigma: sigma, radius: Int(truncate * sigma + 0.5))
    }

    /// exp(-x^2 / (2 sigma^2)), normalised, of a given radius; OpenCV's `getGaussianKernel`.
    static func taps(sigma: Double, radius: Int) -> [Double] {
        guard sigma > 0 else { return [1] }
        let raw = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
        let sum = raw.reduce(0, +)
        return raw.map { $0 / sum }
    }

    /// Averages of boxes as wide as an output, or the sample below where the picture grows; Pillow's `BOX`.
    package init(box inputs: Int, outputs: Int) {
        let step = Double(inputs) / Double(outputs)
        let support = 0.5 * max(1, step)
        let rows = (0..<outputs).map { output in
            let center = (Double(output) + 0.5) * step
            let first = max(0, Int(center - support + 0.5))
            let last = min(inputs, Int(center + support + 0.5))
            var row = (first..<max(first, last)).map { place in
                let distance = (Double(place) - center + 0.5) / max(1, step)
                return distance > -0.5 && distance <= 0.5 ? 1.0 : 0
            }
            let sum = row.reduce(0, +)
            if sum > 0 { row = row.map { $0 / sum } }
            return (first, row)
        }
        self.init(inputs: inputs, rows: rows)
    }

    /// The middle magnified by `zoom` to the size it came from, linearly, corner samples on corner samples; ImageNet-C's
    /// zoom with SciPy's `zoom` of order 1.
    package init(zoom: Double, count: Int) {
        let kept = min(count, Int((Double(count) / zoom).rounded(.up)))
        let top = (count - kept) / 2
        let enlarged = max(count, Int((Double(kept) * zoom).rounded(.toNearestOrEven)))
        let trim = (enlarged - count) / 2
        let step = enlarged > 1 ? Double(kept - 1) / Double(enlarged - 1) : 0
        let rows = (0..<count).map { output in
            let place = Double(output + trim) * step
            let low = min(max(0, kept - 2), Int(place))
            let fraction = place - Double(low)
            return (top + low, kept > 1 ? [1 - fraction, fraction] : [1])
        }
        self.init(inputs: count, rows: rows)
    }
}
