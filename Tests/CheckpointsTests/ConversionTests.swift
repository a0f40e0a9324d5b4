// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Elements become Float")
struct ConversionTests {
    let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    /// The elements as Float of a file whose one tensor has this type and these bytes.
    private func floats(_ type: String, _ bytes: [UInt8], count: Int) throws -> [Float] {
        let header = #"{"x":{"dtype":"\#(type)","shape":[\#(count)],"data_offsets":[0,\#(bytes.count)]}}"#
        let path = scratch.path(type)
        try Data(safetensors(header, body: 0) + bytes).write(to: URL(filePath: path))
        return try Checkpoint.open(path).tensor("x").values
    }

    @Test("All 65,536 halves and bfloat16s are what the hardware says, subnormals, infinities and NaN included")
    func sixteenBits() throws {
        let bytes = (0...UInt16.max).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        let halves = try floats("F16", bytes, count: 65_536)
        let brains = try floats("BF16", bytes, count: 65_536)
        for bits in 0...UInt16.max {
            let (half, brain) = (halves[Int(bits)], brains[Int(bits)])
            let expected = Float(Float16(bitPattern: bits))
            if half.bitPattern != expected.bitPattern && !(half.isNaN && expected.isNaN) {
                Issue.record("half \(bits): \(half) is not \(expected)")
            }
            if brain.bitPattern != UInt32(bits) << 16 { Issue.record("bfloat16 \(bits): \(brain)") }
        }
        #expect(halves[1] == 0x1p-24 && halves[0x8000].sign == .minus && halves[0x7C00] == .infinity)
    }

    @Test("Whole numbers and doubles round to the nearest float at their extremes")
    func numbers() throws {
        #expect(try floats("I8", [0x80, 0x7F], count: 2) == [-128, 127])
        #expect(try floats("BOOL", [0, 1, 255], count: 3) == [0, 1, 1])
        #expect(try floats("U16", little(UInt16.max), count: 1) == [65_535])
        #expect(try floats("I16", little(Int16.min), count: 1) == [-32_768])
        #expect(try floats("I32", little(Int32.min) + little(Int32(16_777_217)), count: 2) == [-0x1p31, 16_777_216])
        #expect(try floats("U32", little(UInt32.max), count: 1) == [0x1p32])
        #expect(try floats("I64", little(Int64.min) + little(Int64.max), count: 2) == [-0x1p63, 0x1p63])
        #expect(try floats("U64", little(UInt64.max), count: 1) == [0x1p64])
        let doubles = [Double.pi, -1e300, .leastNonzeroMagnitude, -.infinity]
        let expected: [Float] = [Float(Double.pi), -.infinity, 0, -.infinity]
        #expect(try floats("F64", doubles.flatMap { little($0.bitPattern) }, count: 4) == expected)
    }

    @Test(
        "Offsets and strides are honoured: transposed, skipping, repeated, backwards",
        arguments: [
            (0, [3, 2], [1, 3], [0, 3, 1, 4, 2, 5]), (1, [2, 2], [3, 2], [1, 3, 4, 6]), (4, [3], [0], [4, 4, 4]),
            (5, [3], [-2], [5, 3, 1]), (4, [2, 3], [2, -1], [4, 3, 2, 6, 5, 4]), (7, [], [], [7]),
            (0, [2, 1, 2], [2, .max, 1], [0, 1, 2, 3]), (0, [2, 2, 2], [1, 2, 4], [0, 4, 2, 6, 1, 5, 3, 7]),
            (.max, [0, 3], [.max, .max], []), (3, [1, 1], [.min, .max], [3]), (2, [2, 1], [4, .min], [2, 6]),
        ] as [(Int, [Int], [Int], [Float])])
    func strides(offset: Int, size: [Int], stride: [Int], expected: [Float]) throws {
        let found = try scratch.open(Pickle.oneTensor(floats: 8, offset: offset, size: size, stride: stride))
        #expect(found.shape(of: "x")?.dimensions == size)
        #expect(try found.tensor("x").values == expected)
        // In place where the file's bytes allow it, the same values either way.
        let path = scratch.path("x")
        try Data(Pickle.oneTensor(floats: 8, offset: offset, size: size, stride: stride)).write(to: URL(filePath: path))
        #expect(try Checkpoint.open(path).withFloats("x") { Array($0) } == expected)
    }

    @Test(
        "Tensors that leave their storage, or overflow, are refused by name",
        arguments: [
            (0, [9], [1]), (1, [8], [1]), (-1, [2], [1]), (8, [], []), (0, [2], [-1]), (3, [3], [-2]),
            (.max, [2], [1]), (0, [3], [.max]), (0, [3], [.min]), (.min, [2, 2], [.min, .min]), (0, [.max], [1]),
            (0, [1 << 40], [0]), (0, [1 << 31, 1 << 31], [0, 0]), (0, [1 << 32, 1 << 32], [0, 0]), (0, [-1], [1]),
            (0, [3, 3], [4, 1]), (.max, [], []), (.min, [1], [1]),
        ] as [(Int, [Int], [Int])])
    func outOfBounds(offset: Int, size: [Int], stride: [Int]) {
        let error = #expect(throws: CheckpointError.self) {
            try scratch.open(Pickle.oneTensor(floats: 8, offset: offset, size: size, stride: stride))
        }
        guard case .badTensor(name: "x", _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("A random tensor over a random storage is read as plain indexing reads it")
    func randomViews() throws {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            let size = (0..<Int.random(in: 0...4, using: &random)).map { _ in Int.random(in: 1...3, using: &random) }
            let stride = size.map { _ in Int.random(in: -4...9, using: &random) }
            let offset = Int.random(in: 0...60, using: &random)
            let indices = size.indices.reduce([offset]) { found, axis in
                found.flatMap { base in (0..<size[axis]).map { base + $0 * stride[axis] } }
            }
            let file = Pickle.oneTensor(floats: 64, offset: offset, size: size, stride: stride)
            if indices.allSatisfy((0..<64).contains) {
                #expect(try scratch.open(file).tensor("x").values == indices.map(Float.init), "\(size) \(stride)")
            } else {
                #expect(throws: CheckpointError.self, "\(offset) \(size) \(stride)") { try scratch.open(file) }
            }
        }
    }
}
