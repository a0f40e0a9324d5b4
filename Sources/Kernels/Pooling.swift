// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// Pooling and the small vector operations around the convolutions, on whole NHWC buffers.
package enum Pooling {
    /// Max pooling of `images` maps; positions outside the map do not take part.
    package static func max(
        _ geometry: ConvolutionGeometry, images: Int, map: MapShape, input: UnsafePointer<Float>,
        output: UnsafeMutablePointer<Float>, instructions: InstructionSet, pool: ComputePool?
    ) {
        let target = map.convolved(by: geometry)
        let buffers = Borrowed((input: input, output: output))
        let bands = Swift.max(1, Swift.min(target.height, (pool?.threads ?? 1) * 2 / Swift.max(1, images)))
        ComputePool.run(on: pool, count: images * bands) { item in
            let (image, band) = (item / bands, item % bands)
            facet_max_pool(
                instructions.code, buffers.value.input + image * map.count, buffers.value.output + image * target.count,
                map.height, map.width, map.channels, target.height, target.width, geometry.kernel, geometry.stride,
                geometry.padding, band * target.height / bands, (band + 1) * target.height / bands)
        }
    }

    /// Mean over the pixels of each of `images` maps: images x channels numbers.
    package static func mean(
        images: Int, map: MapShape, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
        instructions: InstructionSet
    ) {
        for image in 0..<images {
            facet_mean_pool(
                instructions.code, input + image * map.count, output + image * map.channels, map.pixels, map.channels)
        }
    }

    /// Surrounds each of `images` maps with `padding` zeros on every side.
    package static func pad(
        by padding: Int, images: Int, map: MapShape, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
    ) {
        let wide = (map.width + 2 * padding) * map.channels
        let perImage = wide * (map.height + 2 * padding)
        let row = map.width * map.channels
        for image in 0..<images {
            let target = output + image * perImage
            target.update(repeating: 0, count: padding * wide)
            for y in 0..<map.height {
                let line = target + (y + padding) * wide
                line.update(repeating: 0, count: padding * map.channels)
                (line + padding * map.channels).update(from: input + image * map.count + y * row, count: row)
                (line + padding * map.channels + row).update(repeating: 0, count: padding * map.channels)
            }
            (target + (padding + map.height) * wide).update(repeating: 0, count: padding * wide)
        }
    }

    /// Scales each of `rows` vectors of `count` numbers to length 1, in place; zero vectors stay.
    package static func normalise(rows: Int, count: Int, _ values: UnsafeMutablePointer<Float>) {
        for row in 0..<rows {
            let vector = values + row * count
            var sum = 0.0
            for i in 0..<count { sum += Double(vector[i]) * Double(vector[i]) }
            guard sum > 0 else { continue }
            let scale = Float(1 / sum.squareRoot())
            for i in 0..<count { vector[i] *= scale }
        }
    }
}
