// SPDX-License-Identifier: Apache-2.0

package import ImageDecoding
package import Tensors

extension Preprocessing {
    /// What to ask of the decoder: twice what the resize keeps, which changes the result by 0.2 to 0.4 levels of 255.
    package var minimumDecodeSize: MinimumSize {
        switch resize {
        case .crop: .shorterSide(2 * Placement.shorterSide(size))
        case .letterbox: .longerSide(2 * size)
        }
    }

    /// The network's input for one image: shape [size, size, 3].
    package func prepare(_ image: RGBImage) -> Tensor {
        Tensor(unsafeUninitialized: [size, size, 3]) { prepare(image, into: $0) }
    }

    /// Writes the network's input for one image: `size * size * 3` floats, rows of pixels of red, green, blue.
    ///
    /// Time grows with the source pixels that the square shows; memory is `3 * size` bytes for each such source row.
    package func prepare(_ image: RGBImage, into out: UnsafeMutableBufferPointer<Float>) {
        precondition(out.count == 3 * size * size, "room for \(out.count) floats, not \(3 * size * size)")
        guard let base = out.baseAddress else { return }
        let placement = Placement(
            resize, size: size, sourceWidth: image.sourceWidth, sourceHeight: image.sourceHeight)
        let levels = levels
        if resize == .letterbox { fillWhite(out, levels) }
        let resampler = Resampler(
            horizontal: axis(placement.horizontal, image.width, image.columns),
            vertical: axis(placement.vertical, image.height, image.rows))
        let corner = base + 3 * (placement.vertical.offset * size + placement.horizontal.offset)
        image.pixels.withUnsafeBufferPointer { pixels in
            guard let source = pixels.baseAddress else { return }
            resampler.resample(source, stride: 3 * image.width) { row, samples in
                normalise(samples, count: resampler.rowSamples / 3, levels, into: corner + 3 * size * row)
            }
        }
    }

    private func axis(_ placed: Placement.Axis, _ count: Int, _ extent: Range<Double>) -> Resampler.Axis {
        Resampler.Axis(sourceCount: count, extent: extent, outputCount: placed.resized, window: placed.window)
    }

    /// The float of every sample value: 256 each for red, green, blue.
    private var levels: [Float] {
        (0..<768).map { index in (Float(index % 256) / 255 - mean[index / 256]) / std[index / 256] }
    }

    private func fillWhite(_ out: UnsafeMutableBufferPointer<Float>, _ levels: [Float]) {
        let (red, green, blue) = (levels[255], levels[511], levels[767])
        for pixel in 0..<size * size {
            out[3 * pixel] = red
            out[3 * pixel + 1] = green
            out[3 * pixel + 2] = blue
        }
    }

    private func normalise(
        _ samples: UnsafePointer<UInt8>, count: Int, _ levels: [Float], into out: UnsafeMutablePointer<Float>
    ) {
        levels.withUnsafeBufferPointer { levels in
            for pixel in 0..<count {
                out[3 * pixel] = levels[Int(samples[3 * pixel])]
                out[3 * pixel + 1] = levels[256 + Int(samples[3 * pixel + 1])]
                out[3 * pixel + 2] = levels[512 + Int(samples[3 * pixel + 2])]
            }
        }
    }
}
