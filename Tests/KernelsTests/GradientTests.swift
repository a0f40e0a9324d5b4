// SPDX-License-Identifier: Apache-2.0

import Kernels
import Tensors
import TestSupport
import Testing

/// Analytic gradients against central differences of the plain kernels: dL for L = sum of (weights drawn at random) x
/// (output).
@Suite("Gradients against finite differences")
struct GradientTests {
    static let geometries = [(1, 1, 0), (1, 2, 0), (3, 1, 1), (3, 2, 1), (3, 1, 0), (5, 2, 2), (7, 2, 3), (3, 3, 1)]

    @Test("Both gradients of a convolution", arguments: geometries, InstructionSet.available)
    func convolution(shape: (kernel: Int, stride: Int, padding: Int), set: InstructionSet) {
        for (inputs, outputs) in [(3, 5), (18, 35)] {
            let geometry = ConvolutionGeometry(
                inputChannels: inputs, outputChannels: outputs, kernel: shape.kernel, stride: shape.stride,
                padding: shape.padding)
            let problem = ConvolutionGradient(geometry, images: 2, height: 7, width: 6)
            for pool in [nil, ComputePool(threads: 2)] {
                let fast = problem.fast(set, pool)
                expectClose(fast.weights, problem.weightGradient, "weights of \(geometry)")
                let rows = problem.fast(set, pool, padded: true).weights
                expectClose(rows, problem.weightGradient, "weights of \(geometry), padded rows")
                expectClose(fast.input, problem.inputGradient, "input of \(geometry)")
                let sum = zip(problem.inputGradient, problem.extra).map { $0 + $1 }
                expectClose(problem.fast(set, pool, adding: true).input, sum, "added input of \(geometry)")
            }
        }
    }

    @Test("Batch normalisation, with and without ReLU and residual", arguments: InstructionSet.available)
    func norm(set: InstructionSet) {
        for channels in [3, 16, 37] {
            for (relu, residual) in [(false, false), (true, false), (true, true)] {
                let problem = NormGradient(channels: channels, pixels: 70, relu: relu, residual: residual, set: set)
                let (fast, numeric) = (problem.fast(), problem.numeric())
                expectClose(fast.x, numeric.x, "x of \(channels), relu \(relu)", tolerance: 2e-2)
                expectClose(fast.weight, numeric.weight, "weight of \(channels), relu \(relu)", tolerance: 2e-2)
                expectClose(fast.bias, numeric.bias, "bias of \(channels), relu \(relu)", tolerance: 2e-2)
            }
        }
    }

    @Test("Statistics hold for numbers far from zero", arguments: InstructionSet.available)
    func statistics(set: InstructionSet) {
        var random = SeededGenerator(seed: 5)
        let x = random.floats(1_000).map { 10_000 + $0 }
        let mean = x.reduce(0.0) { $0 + Double($1) } / 1_000
        let variance = x.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / 1_000
        let problem = NormGradient(channels: 1, pixels: 1_000, relu: false, residual: false, set: set, x: x)
        let found = problem.statistics()
        #expect(abs(Double(found.mean) - mean) < 1e-3)
        #expect(abs(1 / (Double(found.inverse) * Double(found.inverse)) - 1e-5 - variance) < 1e-4 * variance)
    }

    @Test("Max pooling sends each number to the first winner", arguments: InstructionSet.available)
    func maxPool(set: InstructionSet) {
        let geometry = ConvolutionGeometry(inputChannels: 5, outputChannels: 5, kernel: 3, stride: 2, padding: 1)
        let map = MapShape(height: 7, width: 6, channels: 5)
        var random = SeededGenerator(seed: 3)
        let input = random.floats(2 * map.count).map { max(0, ($0 * 4).rounded() / 4) }
        let target = map.convolved(by: geometry)
        let gradient = random.floats(2 * target.count)
        var output = [Float](repeating: 0, count: gradient.count)
        var index = [UInt8](repeating: 0, count: gradient.count)
        var found = [Float](repeating: 9, count: input.count)
        Pooling.maxIndexed(
            geometry, images: 2, map: map, input: input, output: &output, index: &index, instructions: set)
        Pooling.maxGradient(
            geometry, images: 2, map: map, gradient: gradient, index: index, into: &found, instructions: set)
        let plain = ReferenceKernels.maxPool(Tensor(input, shape: [2, 7, 6, 5]), geometry: geometry)
        #expect(output == plain.values)
        #expect(found == expectedMaxGradient(input, gradient, map, target))
    }

    private func expectedMaxGradient(
        _ input: [Float], _ gradient: [Float], _ map: MapShape, _ target: MapShape
    ) -> [Float] {
        var sums = [Float](repeating: 0, count: input.count)
        for at in gradient.indices {
            let c = at % target.channels
            let (x, y) = (at / target.channels % target.width, at / target.channels / target.width % target.height)
            var best: (value: Float, place: Int)?
            for i in 0..<3 {
                for j in 0..<3 where (0..<map.height).contains(2 * y + i - 1) && (0..<map.width).contains(2 * x + j - 1)
                {
                    let image = at / target.count
                    let place = ((image * map.height + 2 * y + i - 1) * map.width + 2 * x + j - 1) * map.channels + c
                    if best == nil || input[place] > best!.value { best = (input[place], place) }
                }
            }
            if let best { sums[best.place] += gradient[at] }
        }
        return sums
    }

    @Test("Scaling to length 1")
    func normalise() {
        var random = SeededGenerator(seed: 8)
        let x = random.floats(24)
        let weights = random.floats(24)
        func loss(_ x: [Float]) -> Double {
            stride(from: 0, to: 24, by: 8).reduce(0.0) { sum, row in
                let length = x[row..<row + 8].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
                return sum + (row..<row + 8).reduce(0.0) { $0 + Double(x[$1]) / length * Double(weights[$1]) }
            }
        }
        var (y, lengths, found) = (x, [Float](repeating: 0, count: 3), x)
        Pooling.normalise(rows: 3, count: 8, input: x, output: &y, lengths: &lengths)
        Pooling.normaliseGradient(
            rows: 3, count: 8, output: y, lengths: lengths, gradient: weights, into: &found)
        let numeric = x.indices.map { index in
            var (up, down) = (x, x)
            up[index] += 1e-3
            down[index] -= 1e-3
            return Float((loss(up) - loss(down)) / (Double(up[index]) - Double(down[index])))
        }
        expectClose(found, numeric, "normalise", tolerance: 1e-3)
    }

    @Test("SGD and the moving average follow their formulas on any thread count", arguments: InstructionSet.available)
    func updates(set: InstructionSet) {
        var random = SeededGenerator(seed: 2)
        let count = 100_003
        let (w, v) = (random.floats(count), random.floats(count))
        let gradients = [random.floats(count), random.floats(count)]
        for pool in [nil, ComputePool(threads: 3)] {
            var (weights, velocity, slow) = (w, v, v)
            gradients[0].withUnsafeBufferPointer { first in
                gradients[1].withUnsafeBufferPointer { second in
                    Optimiser.sgd(
                        .init(rate: 0.1, momentum: 0.9, weightDecay: 0.01, scale: 0.5), weights: &weights,
                        velocity: &velocity, gradients: [first.baseAddress!, second.baseAddress!], count: count,
                        instructions: set, pool: pool)
                }
            }
            Optimiser.average(slow: &slow, fast: w, count: count, momentum: 0.99, instructions: set, pool: pool)
            for i in stride(from: 0, to: count, by: 997) {
                let step = 0.9 * v[i] + 0.5 * (gradients[0][i] + gradients[1][i]) + 0.01 * w[i]
                #expect(abs(velocity[i] - step) < 1e-5)
                #expect(abs(weights[i] - (w[i] - 0.1 * step)) < 1e-5)
                #expect(abs(slow[i] - (0.99 * v[i] + 0.01 * w[i])) < 1e-6)
            }
        }
    }
}

/// Every number within `tolerance` of the largest expected one.
func expectClose(
    _ found: [Float], _ expected: [Float], _ what: String, tolerance: Float = 1e-4,
    location: SourceLocation = #_sourceLocation
) {
    let scale = max(1e-6, expected.map(abs).max() ?? 0)
    let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(
        found.count == expected.count && worst <= tolerance * scale, "\(what): off by \(worst) of \(scale)",
        sourceLocation: location)
}
