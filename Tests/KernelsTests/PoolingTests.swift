// SPDX-License-Identifier: Apache-2.0

import Kernels
import Tensors
import TestSupport
import Testing

@Suite("Pooling and vector kernels")
struct PoolingTests {
    @Test("Max pooling equals the plain loop nest, negative maps included", arguments: InstructionSet.available)
    func maxPooling(set: InstructionSet) {
        var random = SeededGenerator(seed: 4)
        let pool = ComputePool(threads: 3)
        for (height, width, channels) in [(1, 1, 3), (2, 3, 1), (7, 8, 5), (16, 15, 33)] {
            for (kernel, stride, padding) in [(2, 2, 0), (3, 2, 1), (3, 1, 1)] where height + 2 * padding >= kernel {
                let geometry = ConvolutionGeometry(
                    inputChannels: channels, outputChannels: channels, kernel: kernel, stride: stride, padding: padding)
                let map = MapShape(height: height, width: width, channels: channels)
                let input = Tensor(random.floats(2 * map.count).map { $0 - 2 }, shape: [2, height, width, channels])
                let expected = ReferenceKernels.maxPool(input, geometry: geometry)
                var found = Tensor(zeros: expected.shape)
                found.withUnsafeMutableBuffer { out in
                    input.withUnsafeBuffer {
                        Pooling.max(
                            geometry, images: 2, map: map, input: $0.baseAddress!, output: out.baseAddress!,
                            instructions: set, pool: pool)
                    }
                }
                #expect(found.values == expected.values, "\(map) \(geometry)")
            }
        }
    }

    @Test("Mean pooling equals the plain mean", arguments: InstructionSet.available)
    func meanPooling(set: InstructionSet) {
        var random = SeededGenerator(seed: 5)
        let input = Tensor(random.floats(3 * 49 * 37), shape: [3, 7, 7, 37])
        var found = Tensor(zeros: [3, 37])
        found.withUnsafeMutableBuffer { out in
            input.withUnsafeBuffer {
                Pooling.mean(
                    images: 3, map: .init(height: 7, width: 7, channels: 37), input: $0.baseAddress!,
                    output: out.baseAddress!, instructions: set)
            }
        }
        #expect(worstDifference(found.values, ReferenceKernels.meanPool(input).values) < 1e-6)
    }

    @Test("Normalised vectors have length one and a zero vector stays zero")
    func normalise() {
        var values: [Float] = [3, 4, 0, 0, 1e-20, 0]
        values.withUnsafeMutableBufferPointer { Pooling.normalise(rows: 3, count: 2, $0.baseAddress!) }
        #expect(worstDifference(values, [0.6, 0.8, 0, 0, 1, 0]) < 1e-6)
    }

    @Test("A folded batch norm is the same affine map")
    func foldedNorm() {
        let norm = BatchNorm(weight: [2, -1], bias: [0.5, 3], mean: [0.25, -4], variance: [4, 0.01])
        let input = Tensor([1, 2, 3, 4], shape: [1, 1, 2, 2])
        let (scale, shift) = norm.folded
        let affine = input.values.enumerated().map { scale[$0 % 2] * $1 + shift[$0 % 2] }
        #expect(worstDifference(ReferenceKernels.batchNorm(input, norm).values, affine) < 1e-4)
    }
}
