// SPDX-License-Identifier: Apache-2.0

internal import CKernels

extension Pooling {
    /// Max pooling that also notes which tap won, the first in row-major order on a tie as in PyTorch.
    ///
    /// `index` holds one byte an output number.
    package static func maxIndexed(
        _ geometry: ConvolutionGeometry, images: Int, map: MapShape, input: UnsafePointer<Float>,
        output: UnsafeMutablePointer<Float>, index: UnsafeMutablePointer<UInt8>, instructions: InstructionSet,
        pool: ComputePool? = nil
    ) {
        let target = map.convolved(by: geometry)
        let buffers = Borrowed((input: input, output: output, index: index))
        ComputePool.run(on: pool, count: images) { image in
            facet_max_pool_indexed(
                instructions.code, buffers.value.input + image * map.count, buffers.value.output + image * target.count,
                buffers.value.index + image * target.count, map.height, map.width, map.channels, target.height,
                target.width, geometry.kernel, geometry.stride, geometry.padding)
        }
    }

    /// The gradient of max pooling: each number of `gradient` goes to the input that won; `target` is overwritten.
    package static func maxGradient(
        _ geometry: ConvolutionGeometry, images: Int, map: MapShape, gradient: UnsafePointer<Float>,
        index: UnsafePointer<UInt8>, into target: UnsafeMutablePointer<Float>, instructions: InstructionSet,
        pool: ComputePool? = nil
    ) {
        let source = map.convolved(by: geometry)
        let buffers = Borrowed((gradient: gradient, index: index, target: target))
        ComputePool.run(on: pool, count: images) { image in
            facet_max_pool_gradient(
                instructions.code, buffers.value.gradient + image * source.count,
                buffers.value.index + image * source.count, buffers.value.target + image * map.count, map.height,
                map.width, map.channels, source.height, source.width, geometry.kernel, geometry.stride,
                geometry.padding)
        }
    }

    /// The gradient of the mean over pixels, added to `target` or, unless `adding`, written there.
    package static func meanGradient(
        images: Int, map: MapShape, gradient: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>,
        adding: Bool
    ) {
        let share = 1 / Float(map.pixels)
        for image in 0..<images {
            let source = gradient + image * map.channels
            for pixel in 0..<map.pixels {
                let row = target + image * map.count + pixel * map.channels
                for c in 0..<map.channels { row[c] = (adding ? row[c] : 0) + source[c] * share }
            }
        }
    }

    /// Scales rows to length 1 as ``normalise(rows:count:_:)`` and keeps what each was divided by.
    package static func normalise(
        rows: Int, count: Int, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
        lengths: UnsafeMutablePointer<Float>
    ) {
        for row in 0..<rows {
            let (x, y) = (input + row * count, output + row * count)
            var sum = 0.0
            for i in 0..<count { sum += Double(x[i]) * Double(x[i]) }
            // As torch.nn.functional.normalize: a vector of length 0 stays 0.
            let length = Swift.max(sum.squareRoot(), 1e-12)
            lengths[row] = Float(length)
            for i in 0..<count { y[i] = Float(Double(x[i]) / length) }
        }
    }

    /// The gradient of scaling rows to length 1: (g - y <g, y>) / length; `target` is overwritten.
    package static func normaliseGradient(
        rows: Int, count: Int, output: UnsafePointer<Float>, lengths: UnsafePointer<Float>,
        gradient: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>
    ) {
        for row in 0..<rows {
            let (y, g, out) = (output + row * count, gradient + row * count, target + row * count)
            var along = 0.0
            for i in 0..<count { along += Double(g[i]) * Double(y[i]) }
            for i in 0..<count { out[i] = Float((Double(g[i]) - Double(y[i]) * along) / Double(lengths[row])) }
        }
    }
}
