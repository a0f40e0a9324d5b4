// SPDX-License-Identifier: Apache-2.0

import Tensors
import TestSupport
import Testing

@Suite("Tensors")
struct TensorTests {
    @Test("Shapes from files that overflow or are negative are refused")
    func shapes() {
        #expect(Shape(validating: [2, 3])?.count == 6 && Shape(validating: [])?.count == 1)
        #expect(Shape(validating: [0, 7])?.count == 0)
        #expect(Shape(validating: [-1]) == nil && Shape(validating: [.max, 2]) == nil)
    }

    @Test("A copy is a value: writing one leaves the other")
    func copyOnWrite() {
        let first = Tensor([1, 2, 3, 4], shape: [2, 2])
        var second = first.reshaped([4])
        second.withUnsafeMutableBuffer { $0[0] = 9 }
        #expect(first.values == [1, 2, 3, 4] && second.values == [9, 2, 3, 4])
    }

    @Test("Storage is aligned to cache lines")
    func alignment() {
        for count in [1, 3, 17, 1000] {
            Tensor(zeros: [count]).withUnsafeBuffer { #expect(UInt(bitPattern: $0.baseAddress) % 64 == 0) }
        }
    }

    @Test("A reshape to another count is our own bug and stops the program")
    func wrongReshape() async {
        await #expect(processExitsWith: .failure) { _ = Tensor(zeros: [2, 3]).reshaped([5]) }
    }
}
