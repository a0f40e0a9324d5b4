// SPDX-License-Identifier: Apache-2.0

internal import ContrastiveTraining
internal import ImageDecoding

extension CorruptionWork {
    /// x + normal * deviation.
    mutating func gaussianNoise() -> RGBImage {
        let deviation = table.gaussianNoise[level] * 255
        return withSamples { sample, stream in Double(sample) + stream.normal() * deviation }
    }

    /// x + x * normal * deviation.
    mutating func speckleNoise() -> RGBImage {
        let deviation = table.speckleNoise[level]
        return withSamples { sample, stream in Double(sample) * (1 + stream.normal() * deviation) }
    }

    /// A sample becomes 0 or 255, either as likely, each channel by itself.
    mutating func impulseNoise() -> RGBImage {
        let share = table.impulseNoise[level]
        return withSamples { sample, stream in
            guard stream.chance(share) else { return Double(sample) }
            return stream.chance(0.5) ? 255 : 0
        }
    }

    /// Counted photons: Poisson(x * c) / c.
    mutating func shotNoise() -> RGBImage {
        let photons = table.shotNoise[level]
        let laws = (0..<256).map { PoissonTable(mean: Double($0) / 255 * photons) }
        return withSamples { sample, stream in Double(laws[Int(sample)].draw(&stream)) / photons * 255 }
    }

    /// Every sample replaced, in order: red, green, blue of each pixel, row by row.
    private mutating func withSamples(_ body: (UInt8, inout RandomStream) -> Double) -> RGBImage {
        let count = image.pixels.count
        var stream = stream
        let pixels = image.pixels.withUnsafeBufferPointer { source in
            [UInt8](unsafeUninitializedCapacity: count) { target, filled in
                for index in 0..<count {
                    let value = min(255, max(0, body(source[index], &stream)))
                    target.initializeElement(at: index, to: UInt8(value.rounded()))
                }
                filled = count
            }
        }
        self.stream = stream
        return RGBImage(width: image.width, height: image.height, pixels: pixels)
    }
}
