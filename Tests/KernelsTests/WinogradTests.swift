// SPDX-License-Identifier: Apache-2.0

import Kernels
import Tensors
import TestSupport
import Testing

@Suite("Winograd convolutions agree with the plain loop nest")
struct WinogradTests {
    /// Every tile on every instruction set of the machine.
    static let kernels = InstructionSet.available.flatMap { set in [2, 4].map { Kernel(instructions: set, tile: $0) } }

    struct Kernel: CustomStringConvertible, Sendable {
        let instructions: InstructionSet
        let tile: Int
        var lanes: Int { instructions.panelWidth / 2 }
        var description: String { "\(instructions) \(tile)x\(tile)" }
    }

    @Test("Maps that fill tiles and maps that do not, with every padding", arguments: kernels)
    func maps(kernel: Kernel) {
        for (height, width) in [(1, 1), (2, 2), (3, 5), (4, 4), (5, 8), (9, 6)] {
            for padding in 0...2 where height + 2 * padding >= 3 && width + 2 * padding >= 3 {
                let geometry = ConvolutionGeometry(
                    inputChannels: kernel.lanes, outputChannels: 5, kernel: 3, padding: padding)
                check(Problem(geometry, height: height, width: width, images: 1 + padding % 2), kernel)
            }
        }
    }

    @Test("Output channels around the vector and the panel, several vectors of input channels", arguments: kernels)
    func channels(kernel: Kernel) {
        let lanes = kernel.lanes
        for outputs in [1, lanes - 1, lanes, lanes + 1, 2 * lanes, 2 * lanes + 1, 4 * lanes + 3] {
            let geometry = ConvolutionGeometry(
                inputChannels: lanes * (1 + outputs % 3), outputChannels: outputs, kernel: 3, padding: 1)
            check(Problem(geometry, height: 4, width: 3, images: 1), kernel)
        }
    }

    @Test("Numbers of tiles around the register tile's rows", arguments: kernels)
    func tileCounts(kernel: Kernel) {
        let geometry = ConvolutionGeometry(inputChannels: kernel.lanes, outputChannels: 3, kernel: 3, padding: 1)
        for tiles in 1...(2 * kernel.instructions.tileRows + 1) {
            check(Problem(geometry, height: 1, width: tiles * kernel.tile, images: 1), kernel)
        }
    }

    @Test(
        "The same bits alone and in a batch, on one thread and on several, whichever way work is cut",
        arguments: kernels)
    func sameBits(kernel: Kernel) {
        // Many tiles are cut into blocks; few tiles with many output channels into panels.
        let cases = [(channels: 2 * kernel.lanes, side: 23), (channels: 16 * kernel.lanes, side: 5)]
        for (channels, side) in cases {
            let geometry = ConvolutionGeometry(
                inputChannels: channels, outputChannels: channels, kernel: 3, padding: 1)
            let batch = Problem(geometry, height: side, width: side, images: 3)
            let alone = batch.first
            let one = alone.winograd(kernel, residual: true, relu: true, pool: nil)
            for threads in [1, 2, 3, 8] {
                let pool = ComputePool(threads: threads)
                #expect(alone.winograd(kernel, residual: true, relu: true, pool: pool) == one, "\(threads) threads")
                let together = batch.winograd(kernel, residual: true, relu: true, pool: pool)
                #expect(Array(together.prefix(one.count)) == one, "\(threads) threads, a batch")
            }
        }
    }

    @Test("Rounding errors stay within three times the direct kernel's", arguments: InstructionSet.available)
    func rounding(set: InstructionSet) {
        let problem = Problem(
            .init(inputChannels: 128, outputChannels: 16, kernel: 3, padding: 1), height: 8, width: 8, images: 1)
        let exact = problem.exact
        let direct = deviation(problem.packed(set, residual: false, relu: false, pool: nil), exact)
        for tile in [2, 4] {
            let kernel = Kernel(instructions: set, tile: tile)
            let found = deviation(problem.winograd(kernel, residual: false, relu: false, pool: nil), exact)
            #expect(found < 3 * direct, "\(kernel): \(found), direct \(direct)")
        }
    }

    @Test("What the kernel cannot do is said")
    func unsupported() {
        for set in InstructionSet.available {
            let lanes = set.panelWidth / 2
            func geometry(_ inputs: Int, kernel: Int = 3, stride: Int = 1) -> ConvolutionGeometry {
                .init(inputChannels: inputs, outputChannels: 8, kernel: kernel, stride: stride, padding: 1)
            }
            #expect(WinogradConvolution.isSupported(geometry(lanes), tile: 4, by: set))
            #expect(!WinogradConvolution.isSupported(geometry(lanes), tile: 3, by: set))
            #expect(!WinogradConvolution.isSupported(geometry(lanes - 1), tile: 4, by: set))
            #expect(!WinogradConvolution.isSupported(geometry(lanes, stride: 2), tile: 4, by: set))
            #expect(!WinogradConvolution.isSupported(geometry(lanes, kernel: 5), tile: 4, by: set))
        }
    }

    private func check(_ problem: Problem, _ kernel: Kernel) {
        for (residual, relu) in [(false, false), (true, true)] {
            let found = problem.winograd(kernel, residual: residual, relu: relu, pool: nil)
            let expected = problem.reference(residual: residual, relu: relu)
            #expect(worstDifference(found, expected) < 4e-5, "\(kernel): \(problem)")
        }
    }

    /// Root of the mean squared difference.
    private func deviation(_ found: [Float], _ exact: [Double]) -> Double {
        let sum = zip(found, exact).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
        return (sum / Double(exact.count)).squareRoot()
    }
}

extension Problem {
    func winograd(
        _ kernel: WinogradTests.Kernel, residual useResidual: Bool, relu: Bool, pool: ComputePool?
    ) -> [Float] {
        let convolution = weights.withUnsafeBufferPointer {
            WinogradConvolution(
                geometry, tile: kernel.tile, weights: $0, scale: scale, bias: bias, instructions: kernel.instructions,
                memory: WeightMemory(), pool: pool)
        }
        // What is not written stays no number.
        var output = Tensor([Float](repeating: .nan, count: residual.count), shape: [residual.count])
        output.withUnsafeMutableBuffer { out in
            input.withUnsafeBuffer { values in
                residual.withUnsafeBufferPointer { extra in
                    convolution.forward(
                        images: images, map: map, input: values.baseAddress!, output: out.baseAddress!,
                        epilogue: .init(residual: useResidual ? extra.baseAddress : nil, relu: relu), pool: pool)
                }
            }
        }
        return output.values
    }

    /// The convolution in double precision.
    var exact: [Double] {
        let target = map.convolved(by: geometry)
        let (x, inputs) = (input.values, geometry.inputChannels)
        return (0..<target.count).map { index in
            let (pixel, o) = (index / target.channels, index % target.channels)
            var sum = Double(bias[o])
            for tap in 0..<9 {
                let y = pixel / target.width + tap / 3 - geometry.padding
                let z = pixel % target.width + tap % 3 - geometry.padding
                guard y >= 0, y < map.height, z >= 0, z < map.width else { continue }
                for c in 0..<inputs {
                    let weight = Double(weights[(o * inputs + c) * 9 + tap]) * Double(scale[o])
                    sum += Double(x[(y * map.width + z) * inputs + c]) * weight
                }
            }
            return sum
        }
    }
}
