// SPDX-License-Identifier: Apache-2.0

import Kernels
import Tensors
import TestSupport
import Testing

/// A small convolution problem with seeded numbers.
struct Problem: CustomStringConvertible {
    let geometry: ConvolutionGeometry
    let map: MapShape
    let images: Int
    private(set) var input: Tensor
    private(set) var weights: [Float]
    let scale: [Float]
    let bias: [Float]
    let residual: [Float]

    var description: String { "\(images) x \(map) * \(geometry)" }

    init(_ geometry: ConvolutionGeometry, height: Int, width: Int, images: Int, seed: UInt64 = 1) {
        var random = SeededGenerator(seed: seed)
        self.geometry = geometry
        self.images = images
        map = MapShape(height: height, width: width, channels: geometry.inputChannels)
        input = Tensor(random.floats(images * map.count), shape: [images, height, width, geometry.inputChannels])
        weights = random.floats(geometry.weightCount)
        scale = random.floats(geometry.outputChannels)
        bias = random.floats(geometry.outputChannels)
        residual = random.floats(images * map.convolved(by: geometry).count)
    }

    /// The first image's part.
    private init(firstOf batch: Problem) {
        geometry = batch.geometry
        images = 1
        map = batch.map
        (weights, scale, bias) = (batch.weights, batch.scale, batch.bias)
        input = Tensor(
            Array(batch.input.values.prefix(batch.map.count)),
            shape: [1, batch.map.height, batch.map.width, batch.map.channels])
        residual = Array(batch.residual.prefix(batch.residual.count / batch.images))
    }

    var first: Problem { Problem(firstOf: self) }

    /// With weights that half precision holds exactly.
    var halved: Problem {
        var problem = self
        problem.weights = weights.map { Float(Float16($0)) }
        return problem
    }

    /// With all weights `factor` times as large.
    func scaled(by factor: Float) -> Problem {
        var problem = self
        problem.weights = weights.map { $0 * factor }
        return problem
    }

    /// With the same number everywhere.
    func with(input number: Float, weight: Float) -> Problem {
        var problem = self
        problem.input = Tensor([Float](repeating: number, count: input.count), shape: input.shape)
        problem.weights = weights.map { _ in weight }
        return problem
    }

    /// The plain kernel's answer, with scale, residual and ReLU applied.
    func reference(residual useResidual: Bool, relu: Bool) -> [Float] {
        let perChannel = geometry.weightCount / geometry.outputChannels
        let scaled = weights.enumerated().map { $1 * scale[$0 / perChannel] }
        let plain = ReferenceKernels.convolution(input, weights: scaled, bias: bias, geometry: geometry).values
        return zip(plain, residual).map { value, extra in
            let sum = useResidual ? value + extra : value
            return relu ? max(0, sum) : sum
        }
    }

    func packed(
        _ set: InstructionSet, residual useResidual: Bool, relu: Bool, pixels: Int = .max, pool: ComputePool?
    ) -> [Float] {
        let convolution = weights.withUnsafeBufferPointer {
            PackedConvolution(
                geometry, weights: $0, scale: scale, bias: bias, pixels: pixels, instructions: set, pool: pool)
        }
        let (source, sourceMap) = convolution.needsPaddedInput ? padded : (input, map)
        var output = Tensor(zeros: [residual.count])
        output.withUnsafeMutableBuffer { out in
            source.withUnsafeBuffer { values in
                residual.withUnsafeBufferPointer { extra in
                    convolution.forward(
                        images: images, map: sourceMap, input: values.baseAddress!, output: out.baseAddress!,
                        epilogue: .init(residual: useResidual ? extra.baseAddress : nil, relu: relu), pool: pool)
                }
            }
        }
        return output.values
    }

    func blas(residual useResidual: Bool, relu: Bool) -> [Float] {
        let convolution = weights.withUnsafeBufferPointer {
            BLASConvolution(geometry, weights: $0, scale: scale, bias: bias)
        }
        var output = Tensor(zeros: [residual.count])
        output.withUnsafeMutableBuffer { out in
            input.withUnsafeBuffer { values in
                residual.withUnsafeBufferPointer { extra in
                    convolution.forward(
                        images: images, map: map, input: values.baseAddress!, output: out.baseAddress!,
                        epilogue: .init(residual: useResidual ? extra.baseAddress : nil, relu: relu))
                }
            }
        }
        return output.values
    }

    private var padded: (Tensor, MapShape) {
        let edge = geometry.padding
        let wide = MapShape(height: map.height + 2 * edge, width: map.width + 2 * edge, channels: map.channels)
        var out = Tensor(zeros: [images, wide.height, wide.width, wide.channels])
        out.withUnsafeMutableBuffer { target in
            target.update(repeating: .nan)
            input.withUnsafeBuffer {
                Pooling.pad(by: edge, images: images, map: map, input: $0.baseAddress!, output: target.baseAddress!)
            }
        }
        return (out, wide)
    }
}

/// Largest absolute difference; infinite when the counts differ or a number is not finite.
func worstDifference(_ left: [Float], _ right: [Float]) -> Float {
    guard left.count == right.count else { return .infinity }
    var worst: Float = 0
    for (a, b) in zip(left, right) {
        let difference = abs(a - b)
        worst = difference.isFinite ? max(worst, difference) : .infinity
    }
    return worst
}

@Suite("Convolution kernels agree with the plain loop nest")
struct ConvolutionTests {
    @Test("Every small shape on every instruction set", arguments: InstructionSet.available)
    func everySmallShape(set: InstructionSet) {
        for kernel in [1, 2, 3, 5] {
            for stride in 1...3 {
                for padding in 0...2 {
                    for (height, width) in [(1, 1), (3, 5), (6, 4)] where height + 2 * padding >= kernel {
                        guard width + 2 * padding >= kernel else { continue }
                        check(
                            Problem(
                                .init(
                                    inputChannels: 1 + (kernel * 3 + stride) % 7, outputChannels: 3 + padding * 5,
                                    kernel: kernel, stride: stride, padding: padding),
                                height: height, width: width, images: 1 + stride % 2), set)
                    }
                }
            }
        }
    }

    @Test("Channels around the panel width, run lengths around the unrolling", arguments: InstructionSet.available)
    func channelCounts(set: InstructionSet) {
        for outputs in [1, set.panelWidth - 1, set.panelWidth, set.panelWidth + 1, 3 * set.panelWidth] {
            for inputs in [1, 4, 5, 8, 11] {
                check(
                    Problem(
                        .init(inputChannels: inputs, outputChannels: outputs, kernel: 3, padding: 1), height: 4,
                        width: 5, images: 1), set)
            }
        }
    }

    @Test("Pixel counts around the tile's rows", arguments: InstructionSet.available)
    func pixelCounts(set: InstructionSet) {
        for pixels in 1...(2 * set.tileRows + 1) {
            check(
                Problem(.init(inputChannels: 6, outputChannels: 9, kernel: 1), height: 1, width: pixels, images: 1), set
            )
        }
    }

    @Test("The stem reads whole padded rows", arguments: InstructionSet.available)
    func stem(set: InstructionSet) {
        let geometry = ConvolutionGeometry(inputChannels: 3, outputChannels: 20, kernel: 7, stride: 2, padding: 3)
        check(Problem(geometry, height: 17, width: 16, images: 2), set)
    }

    @Test("OpenBLAS gives the same numbers")
    func openBLAS() {
        for (kernel, stride) in [(1, 1), (3, 1), (3, 2), (7, 2)] {
            let problem = Problem(
                .init(inputChannels: 5, outputChannels: 12, kernel: kernel, stride: stride, padding: kernel / 2),
                height: 9, width: 8, images: 2)
            let expected = problem.reference(residual: true, relu: true)
            #expect(worstDifference(problem.blas(residual: true, relu: true), expected) < 2e-5, "\(problem)")
        }
    }

    @Test("The same bits on one thread and on four, alone and in a batch", arguments: InstructionSet.available)
    func sameBits(set: InstructionSet) {
        let geometry = ConvolutionGeometry(inputChannels: 64, outputChannels: 96, kernel: 3, padding: 1)
        let alone = Problem(geometry, height: 14, width: 14, images: 1)
        let batch = Problem(geometry, height: 14, width: 14, images: 3)
        let pool = ComputePool(threads: 4)
        let one = alone.packed(set, residual: false, relu: true, pool: nil)
        #expect(alone.packed(set, residual: false, relu: true, pool: pool) == one)
        let weights = batch.weights
        let first = Tensor(Array(batch.input.values.prefix(alone.map.count)), shape: [1, 14, 14, 64])
        let convolution = weights.withUnsafeBufferPointer {
            PackedConvolution(geometry, weights: $0, scale: batch.scale, bias: batch.bias, instructions: set)
        }
        var single = Tensor(zeros: [14 * 14 * 96])
        single.withUnsafeMutableBuffer { out in
            first.withUnsafeBuffer {
                convolution.forward(
                    images: 1, map: alone.map, input: $0.baseAddress!, output: out.baseAddress!,
                    epilogue: .init(relu: true), pool: nil)
            }
        }
        let together = batch.packed(set, residual: false, relu: true, pool: pool)
        #expect(Array(together.prefix(single.count)) == single.values)
    }

    private func check(_ problem: Problem, _ set: InstructionSet) {
        for (residual, relu) in [(false, false), (true, true)] {
            let found = problem.packed(set, residual: residual, relu: relu, pool: nil)
            let expected = problem.reference(residual: residual, relu: relu)
            #expect(worstDifference(found, expected) < 2e-5, "\(set): \(problem)")
        }
    }
}
