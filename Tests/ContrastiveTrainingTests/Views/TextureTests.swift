// SPDX-License-Identifier: Apache-2.0

internal import ContrastiveTraining
internal import Foundation
internal import Testing

/// What random convolution leaves alone.
@Suite("Texture and colour")
struct TextureTests {
    private static let size = 32

    /// A scene of a few colours: a ground, a disc and stripes.
    private static let image: CachedImage = {
        let pixels = (0..<64 * 64).flatMap { index -> [UInt8] in
            let (x, y) = (index % 64, index / 64)
            if (x - 24) * (x - 24) + (y - 30) * (y - 30) < 300 { return [200, 60, 40] }
            return y > 50 && x / 4 % 2 == 0 ? [40, 90, 160] : [225, 215, 190]
        }
        return CachedImage(width: 64, height: 64, pixels: pixels)
    }()

    /// Values of 0 to 1 (no whitening) with and without the convolution of `seed`.
    private func render(_ settings: AugmentationSettings, seed: UInt64?, kernel: Int, _ image: CachedImage) -> [Float] {
        let renderer = ViewRenderer(size: Self.size, mean: [0.5, 0.5, 0.5], std: [1, 1, 1], settings: settings)
        var out = [Float](repeating: .nan, count: 3 * Self.size * Self.size)
        let texture = TextureParameters(convolution: seed.map { .init(kernel: kernel, alpha: 1, seed: $0) })
        let whole = CropParameters(top: 0, left: 0, height: image.height, width: image.width)
        renderer.render(image, ViewParameters(crop: whole, texture: texture), into: &out)
        return out.map { $0 + 0.5 }
    }

    /// Mean and standard deviation of one channel.
    private func statistics(_ pixels: [Float], _ channel: Int) -> (mean: Double, spread: Double) {
        let values = stride(from: channel, to: pixels.count, by: 3).map { Double(pixels[$0]) }
        let mean = values.reduce(0, +) / Double(values.count)
        let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, (square / Double(values.count)).squareRoot())
    }

    /// The largest change of a channel's mean and spread over some convolutions.
    private func change(_ settings: AugmentationSettings) -> (mean: Double, spread: Double) {
        var most = (mean: 0.0, spread: 0.0)
        for seed in 0..<12 as Range<UInt64> {
            for kernel in [1, 3, 5, 7] {
                let before = render(settings, seed: nil, kernel: kernel, Self.image)
                let after = render(settings, seed: seed, kernel: kernel, Self.image)
                for channel in 0..<3 {
                    let (old, new) = (statistics(before, channel), statistics(after, channel))
                    most.mean = max(most.mean, abs(new.mean - old.mean))
                    most.spread = max(most.spread, abs(new.spread - old.spread))
                }
            }
        }
        return most
    }

    @Test("No texture changes the mean colour or the spread of a channel")
    func keepsColor() {
        let kept = change(AugmentationSettings())
        #expect(kept.mean < 1e-5 && kept.spread < 1e-5, "\(kept)")
        var settings = AugmentationSettings()
        settings.textureKeepsStatistics = false
        let lost = change(settings)
        #expect(lost.mean > 0.1 && lost.spread > 0.1, "\(lost)")
    }

    @Test("Grey stays grey when all channels have one kernel, and gets false colours when they are mixed")
    func grayscale() {
        let gray = CachedImage(
            width: 64, height: 64, pixels: (0..<64 * 64).flatMap { [UInt8](repeating: UInt8($0 * 37 % 251), count: 3) })
        func saturation(_ channels: AugmentationSettings.TextureChannels) -> Double {
            var settings = AugmentationSettings()
            settings.textureChannels = channels
            var sum = 0.0
            for seed in 0..<8 as Range<UInt64> {
                let pixels = render(settings, seed: seed, kernel: 3, gray)
                for index in 0..<Self.size * Self.size {
                    let rgb = pixels[3 * index..<3 * index + 3]
                    sum += Double((rgb.max() ?? 0) - (rgb.min() ?? 0))
                }
            }
            return sum / Double(8 * Self.size * Self.size)
        }
        #expect(saturation(.same) < 1e-5)
        #expect(saturation(.mixed) > 0.05)
    }

    @Test("Equal parameters give the same texture, another seed another one, no share the picture itself")
    func equality() {
        let settings = AugmentationSettings()
        let plain = render(settings, seed: nil, kernel: 3, Self.image)
        #expect(
            render(settings, seed: 5, kernel: 3, Self.image) == render(settings, seed: 5, kernel: 3, Self.image))
        #expect(
            largestDifference(
                render(settings, seed: 5, kernel: 3, Self.image), render(settings, seed: 6, kernel: 3, Self.image))
                > 0.1)
        let renderer = ViewRenderer(size: Self.size, mean: [0.5, 0.5, 0.5], std: [1, 1, 1], settings: settings)
        var out = plain
        let none = TextureParameters(convolution: .init(kernel: 5, alpha: 0, seed: 1))
        renderer.render(
            Self.image, ViewParameters(crop: .init(top: 0, left: 0, height: 64, width: 64), texture: none), into: &out)
        #expect(largestDifference(out.map { $0 + 0.5 }, plain) < 1e-5)
    }
}
