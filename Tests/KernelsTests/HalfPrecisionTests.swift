// SPDX-License-Identifier: Apache-2.0

import Kernels
import Tensors
import TestSupport
import Testing

@Suite(
    "Convolutions multiplied in half precision",
    .enabled(if: Precision.half.isAvailable, "this processor has no arithmetic of half precision"))
struct HalfPrecisionTests {
    /// The direct kernel and both of Winograd's tiles.
    enum Kernel: CaseIterable {
        case direct
        case small
        case large

        var tile: Int? { self == .direct ? nil : self == .small ? 2 : 4 }
    }

    @Test("Sizes around the register tile, the panel and the chunk agree with the plain loop nest")
    func directShapes() {
        for (kernel, stride, padding) in [(1, 1, 0), (1, 2, 0), (3, 1, 1), (3, 2, 1), (2, 1, 0), (5, 2, 2)] {
            for (side, inputs, outputs) in [
                (5, 1, 1), (5, 15, 31), (6, 16, 32), (7, 17, 33), (5, 31, 63), (9, 32, 64), (5, 33, 65), (5, 70, 130),
            ] {
                let geometry = ConvolutionGeometry(
                    inputChannels: inputs, outputChannels: outputs, kernel: kernel, stride: stride, padding: padding)
                check(Problem(geometry, height: side, width: side + 1, images: 2), .direct)
            }
        }
    }

    @Test("Numbers of pixels around the register tile's rows, with every tap outside somewhere")
    func directPixels() {
        let geometry = ConvolutionGeometry(inputChannels: 20, outputChannels: 40, kernel: 3, padding: 1)
        for width in 1...29 { check(Problem(geometry, height: 1, width: width, images: 1), .direct) }
        for images in [5, 6, 15, 33] { check(Problem(geometry, height: 2, width: 2, images: images), .direct) }
    }

    @Test("Winograd tiles that fill the map and that do not, with every padding", arguments: [Kernel.small, .large])
    func winogradShapes(kernel: Kernel) {
        for (height, width) in [(1, 1), (3, 5), (4, 4), (9, 6)] {
            for padding in 0...2 where height + 2 * padding >= 3 && width + 2 * padding >= 3 {
                for (inputs, outputs) in [(16, 5), (48, 33), (32, 70)] {
                    let geometry = ConvolutionGeometry(
                        inputChannels: inputs, outputChannels: outputs, kernel: 3, padding: padding)
                    check(Problem(geometry, height: height, width: width, images: 2), kernel)
                }
            }
        }
    }

    @Test("The same bits alone and in a batch, on one thread and on several", arguments: Kernel.allCases)
    func sameBits(kernel: Kernel) {
        for (channels, side) in [(32, 23), (128, 5), (256, 2)] {
            let geometry = ConvolutionGeometry(inputChannels: channels, outputChannels: channels, kernel: 3, padding: 1)
            let batch = Problem(geometry, height: side, width: side, images: 7)
            let alone = batch.first
            let one = alone.half(kernel, pool: nil)
            for threads in [1, 2, 3, 8] {
                let pool = ComputePool(threads: threads)
                #expect(alone.half(kernel, pool: pool) == one, "\(channels), \(threads) threads")
                let together = batch.half(kernel, pool: pool)
                #expect(Array(together.prefix(one.count)) == one, "\(channels), \(threads) threads, a batch")
            }
        }
    }

    @Test("Weights of any size keep their accuracy", arguments: Kernel.allCases)
    func sizes(kernel: Kernel) {
        let geometry = ConvolutionGeometry(inputChannels: 64, outputChannels: 8, kernel: 3, padding: 1)
        for factor in [1e-30, 1e-7, 1, 1e9] as [Float] {
            check(Problem(geometry, height: 6, width: 6, images: 1).scaled(by: factor), kernel)
        }
    }

    @Test("Inputs too large for half precision are taken for the largest it has")
    func largeInputs() {
        let geometry = ConvolutionGeometry(inputChannels: 1, outputChannels: 1, kernel: 1)
        let problem = Problem(geometry, height: 1, width: 1, images: 1).with(input: 1e6, weight: 0.5)
        #expect(problem.half(.direct, pool: nil, plain: true) == [65504 * 0.5])
    }

    /// The error is that of sums of 32 products in half precision, of the size of what is summed where a tile is whole.
    private func check(_ problem: Problem, _ kernel: Kernel) {
        let expected = problem.reference(residual: true, relu: true)
        let found = problem.half(kernel, pool: nil)
        let squares = problem.reference(residual: false, relu: false).map { Double($0) * Double($0) }
        let whole = problem.meanSquares * Double(problem.geometry.inputChannels * problem.geometry.kernel)
        let size = max(whole * Double(problem.geometry.kernel), squares.reduce(0, +) / Double(squares.count))
            .squareRoot()
        let errors = zip(found, expected).map { abs(Double($0.0) - Double($0.1)) / size }
        let usual = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
        let limit = kernel == .direct ? 0.003 : kernel == .small ? 0.006 : 0.02
        #expect(found.allSatisfy(\.isFinite) && usual < limit, "\(kernel): \(problem): \(usual)")
        #expect((errors.max() ?? .infinity) < 4 * limit, "\(kernel): \(problem)")
    }
}

extension Problem {
    /// The mean square of a product of an input, a weight and a scale.
    var meanSquares: Double {
        [input.values, weights, scale].reduce(1) { product, numbers in
            product * numbers.reduce(0) { $0 + Double($1) * Double($1) } / Double(numbers.count)
        }
    }

    func half(_ kernel: HalfPrecisionTests.Kernel, pool: ComputePool?, plain: Bool = false) -> [Float] {
        var output = Tensor([Float](repeating: .nan, count: residual.count), shape: [residual.count])
        let (scale, bias) = plain ? ([1], [0]) : (scale, bias)
        output.withUnsafeMutableBuffer { out in
            input.withUnsafeBuffer { values in
                residual.withUnsafeBufferPointer { extra in
                    weights.withUnsafeBufferPointer { weights in
                        let epilogue = PackedConvolution.Epilogue(
                            residual: plain ? nil : extra.baseAddress, relu: !plain)
                        if let tile = kernel.tile {
                            WinogradConvolution(
                                geometry, tile: tile, precision: .half, weights: weights, scale: scale, bias: bias,
                                memory: WeightMemory(), pool: pool
                            ).forward(
                                images: images, map: map, input: values.baseAddress!, output: out.baseAddress!,
                                epilogue: epilogue, pool: pool)
                        } else {
                            HalfConvolution(
                                geometry, weights: weights, scale: scale, bias: bias, memory: WeightMemory(), pool: pool
                            ).forward(
                                images: images, map: map, input: values.baseAddress!, output: out.baseAddress!,
                                epilogue: epilogue, pool: pool)
                        }
                    }
                }
            }
        }
        return output.values
    }
}
