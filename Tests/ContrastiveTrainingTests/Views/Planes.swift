// SPDX-License-Identifier: Apache-2.0

internal import Kernels
internal import TestSupport

/// A picture as the kernels want it, for tests: planes with room between them, filled with a value nobody expects.
struct Planes {
    let size: Int
    var memory: [Float]
    private let stride: Int

    init(size: Int) {
        self.size = size
        stride = ImageKernels(size: size).planeStride
        memory = Array(repeating: .nan, count: 3 * stride)
    }

    /// From rows of pixels of red, green, blue.
    init(size: Int, pixels: [Float]) {
        self.init(size: size)
        for index in 0..<size * size {
            for channel in 0..<3 { memory[channel * stride + index] = pixels[3 * index + channel] }
        }
    }

    /// Rows of pixels of red, green, blue.
    var pixels: [Float] {
        (0..<3 * size * size).map { memory[$0 % 3 * stride + $0 / 3] }
    }

    /// Random values of 0 to 1 with some exact zeros, ones, ties and greys.
    static func random(size: Int, seed: UInt64) -> [Float] {
        var random = SeededGenerator(seed: seed)
        var pixels = random.floats(3 * size * size).map { abs($0) }
        for index in 0..<size * size {
            switch index % 7 {
            case 0: pixels[3 * index] = pixels[3 * index + 1]
            case 1: pixels[3 * index + 2] = pixels[3 * index + 1]
            case 2: (pixels[3 * index], pixels[3 * index + 1], pixels[3 * index + 2]) = (0.5, 0.5, 0.5)
            case 3: (pixels[3 * index], pixels[3 * index + 1]) = (1, 0)
            default: break
            }
        }
        return pixels
    }
}

/// The largest difference of two equally long lists; infinite when one has a NaN.
func largestDifference(_ left: [Float], _ right: [Float]) -> Float {
    precondition(left.count == right.count, "\(left.count) and \(right.count) numbers")
    return zip(left, right).reduce(0) { most, pair in
        let difference = abs(pair.0 - pair.1)
        return difference.isNaN ? .infinity : max(most, difference)
    }
}
