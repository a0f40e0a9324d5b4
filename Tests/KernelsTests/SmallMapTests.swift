// SPDX-License-Identifier: Apache-2.0

import Kernels
import TestSupport
import Testing

@Suite("Convolutions on small maps")
struct SmallMapTests {
    @Test(
        "Batches that leave out the taps outside the map agree with the plain loop nest",
        arguments: InstructionSet.available)
    func batches(set: InstructionSet) {
        for (height, width) in [(1, 1), (2, 2), (1, 3), (4, 4), (7, 5)] {
            for (stride, padding) in [(1, 1), (2, 1), (1, 2)]
            where height + 2 * padding >= 3 && width + 2 * padding >= 3 {
                for images in [5, 6, 15, 33] {
                    let geometry = ConvolutionGeometry(
                        inputChannels: 5, outputChannels: 19, kernel: 3, stride: stride, padding: padding)
                    let problem = Problem(geometry, height: height, width: width, images: images)
                    let found = problem.packed(set, residual: true, relu: true, pool: nil)
                    let expected = problem.reference(residual: true, relu: true)
                    #expect(worstDifference(found, expected) < 2e-5, "\(set): \(problem)")
                }
            }
        }
    }

    @Test(
        "An image has the same bits alone and in a batch, on one thread and on several",
        arguments: InstructionSet.available)
    func sameBits(set: InstructionSet) {
        let geometry = ConvolutionGeometry(inputChannels: 64, outputChannels: 70, kernel: 3, padding: 1)
        for side in [1, 2, 4] {
            let batch = Problem(geometry, height: side, width: side, images: 20)
            let one = batch.first.packed(set, residual: true, relu: true, pool: nil)
            for threads in [1, 2, 5] {
                let pool = ComputePool(threads: threads)
                let together = batch.packed(set, residual: true, relu: true, pool: pool)
                #expect(Array(together.prefix(one.count)) == one, "\(set), side \(side), \(threads) threads")
            }
        }
    }

    @Test(
        "Weights of half precision give the same numbers, and the same bits in every batch",
        arguments: InstructionSet.available)
    func halves(set: InstructionSet) {
        for (kernel, side) in [(1, 1), (3, 2), (3, 4)] {
            let geometry = ConvolutionGeometry(
                inputChannels: 37, outputChannels: 70, kernel: kernel, padding: kernel / 2)
            let batch = Problem(geometry, height: side, width: side, images: 40).halved
            let found = batch.packed(set, residual: true, relu: true, pixels: side * side, pool: nil)
            #expect(worstDifference(found, batch.reference(residual: true, relu: true)) < 2e-5, "\(set): \(batch)")
            // Few pixels read half precision, many single.
            let one = batch.first.packed(set, residual: true, relu: true, pixels: side * side, pool: nil)
            #expect(Array(found.prefix(one.count)) == one, "\(set): \(batch)")
        }
    }

    @Test("Weights that half precision would round are left as they are")
    func singlePrecision() {
        let geometry = ConvolutionGeometry(inputChannels: 64, outputChannels: 32, kernel: 1)
        let problem = Problem(geometry, height: 1, width: 1, images: 1)
        let found = problem.packed(.best, residual: false, relu: false, pixels: 1, pool: nil)
        #expect(found == problem.packed(.best, residual: false, relu: false, pool: nil))
    }
}
