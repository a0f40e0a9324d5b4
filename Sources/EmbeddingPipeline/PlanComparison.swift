// SPDX-License-Identifier: Apache-2.0

package import Kernels
package import Networks
internal import Tensors

/// How far two plans of one network agree: a copy in other numbers, or another arithmetic.
package enum PlanComparison {
    /// The least cosine that vectors of one image may have and still be called the same.
    package static let leastCosine = 0.9999

    /// The least cosine of all outputs of both on images of blurred noise.
    ///
    /// The `images` are the same on every run, from dark to light. `progress` is told how many are done.
    package static func leastCosine(
        _ a: InferencePlan, _ b: InferencePlan, images: Int, pool: ComputePool?, progress: (Int) -> Void = { _ in }
    ) throws -> Double {
        precondition(a.inputSize == b.inputSize, "plans for \(a.inputSize) and \(b.inputSize) pixels")
        let outputs = a.architecture.outputs
        var worst = 1.0
        var noise = Noise(images: images, size: a.inputSize)
        for first in stride(from: 0, to: images, by: Self.share) {
            let count = min(Self.share, images - first)
            let batch = noise.next(count)
            let left = try a.run(batch, outputs: outputs, pool: pool)
            let right = try b.run(batch, outputs: outputs, pool: pool)
            for output in outputs {
                guard let one = left[output]?.values, let two = right[output]?.values else { continue }
                let width = one.count / count
                for row in 0..<count {
                    let range = row * width..<(row + 1) * width
                    worst = min(worst, cosine(one[range], two[range]))
                }
            }
            progress(first + count)
        }
        return worst
    }

    private static let share = 8

    /// 0 for vectors that have none: not a number, or of no length.
    private static func cosine(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
        var (dot, one, two) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a, b) {
            dot += Double(x) * Double(y)
            one += Double(x) * Double(x)
            two += Double(y) * Double(y)
        }
        let cosine = dot / (one * two).squareRoot()
        return cosine.isFinite ? cosine : 0
    }

    private struct Noise {
        let images: Int
        let size: Int
        private var state: UInt64 = 20_210_504
        private var image = 0

        init(images: Int, size: Int) {
            self.images = images
            self.size = size
        }

        private mutating func number() -> Float {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / Float(1 << 23) - 1
        }

        mutating func next(_ count: Int) -> Tensor {
            var values = [Float](repeating: 0, count: count * size * size * 3)
            for index in 0..<count {
                let level = Float(image) / Float(images) * 4 - 2
                image += 1
                var (red, green, blue): (Float, Float, Float) = (0, 0, 0)
                for pixel in 0..<size * size {
                    (red, green, blue) = (0.9 * red + number(), 0.9 * green + number(), 0.9 * blue + number())
                    let at = (index * size * size + pixel) * 3
                    (values[at], values[at + 1], values[at + 2]) = (
                        level + red / 2, level + green / 2, level + blue / 2
                    )
                }
            }
            return Tensor(values, shape: [count, size, size, 3])
        }
    }
}
