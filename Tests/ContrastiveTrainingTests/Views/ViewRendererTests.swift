// SPDX-License-Identifier: Apache-2.0

internal import ContrastiveTraining
internal import Foundation
internal import Kernels
internal import TestSupport
internal import Testing

/// What a rendered view shows.
@Suite("Rendered views")
struct ViewRendererTests {
    private static let size = 32

    private func renderer(_ settings: AugmentationSettings = .init()) -> ViewRenderer {
        ViewRenderer(
            size: Self.size, mean: GoldenViewTests.mean, std: GoldenViewTests.std, settings: settings)
    }

    private func render(_ renderer: ViewRenderer, _ image: CachedImage, _ view: ViewParameters) -> [Float] {
        var out = [Float](repeating: .nan, count: 3 * Self.size * Self.size)
        renderer.render(image, view, into: &out)
        return out
    }

    private static func noise(width: Int, height: Int, seed: UInt64) -> CachedImage {
        var random = SeededGenerator(seed: seed)
        return CachedImage(
            width: width, height: height,
            pixels: (0..<3 * width * height).map { _ in UInt8(truncatingIfNeeded: random.next()) })
    }

    /// Bright at the top, dark at the bottom; a little brighter on the left.
    private static func slope(width: Int, height: Int) -> CachedImage {
        let pixels = (0..<width * height).flatMap { index -> [UInt8] in
            let (x, y) = (Double(index % width) / Double(width), Double(index / width) / Double(height))
            return [UInt8](repeating: UInt8(220 - 180 * y - 30 * x), count: 3)
        }
        return CachedImage(width: width, height: height, pixels: pixels)
    }

    private static func whole(_ image: CachedImage, turns: Int = 0) -> CropParameters {
        CropParameters(
            top: 0, left: 0, height: turns % 2 == 1 ? image.width : image.height,
            width: turns % 2 == 1 ? image.height : image.width)
    }

    /// Which way is up: 0 top, 1 left, 2 bottom, 3 right: quarter turns counterclockwise, read off the pixels.
    private func upward(_ pixels: [Float]) -> Int {
        var (down, right) = (Float(0), Float(0))
        for index in 0..<Self.size * Self.size {
            down += pixels[3 * index] * (Float(index / Self.size) - Float(Self.size - 1) / 2)
            right += pixels[3 * index] * (Float(index % Self.size) - Float(Self.size - 1) / 2)
        }
        return abs(down) > abs(right) ? (down < 0 ? 0 : 2) : (right < 0 ? 1 : 3)
    }

    @Test("A rotation turns the content the same way, flipped or not")
    func rotationIgnoresFlip() {
        let image = Self.slope(width: 60, height: 44)
        for turns in 0..<4 {
            for flip in [false, true] {
                let view = ViewParameters(
                    flip: flip, rotation: .init(quarterTurns: turns), crop: Self.whole(image, turns: turns))
                #expect(upward(render(renderer(), image, view)) == turns, "flip \(flip)")
            }
        }
    }

    @Test("The key that shares the rotation shows the picture the same way up as the query; k0 only by chance")
    func sharedRotation() {
        let image = Self.slope(width: 48, height: 60)
        let sampler = ViewSampler(settings: .init(), factors: [.rotation], keyed: [.rotation])
        var flips = 0
        for number in 0..<150 as Range<UInt64> {
            var stream = RandomStream(seed: 3, number)
            let set = sampler.views(width: image.width, height: image.height, stream: &stream)
            let query = upward(render(renderer(), image, set.query))
            #expect(upward(render(renderer(), image, set.keys[1])) == query)
            let shares = set.keys[0].shares(.rotation, with: set.query)
            #expect((upward(render(renderer(), image, set.keys[0])) == query) == shares)
            if set.query.flip != set.keys[1].flip { flips += 1 }
        }
        #expect(flips > 40, "pairs of which one is flipped")
    }

    @Test("A flip changes the sides of the upright content and nothing else")
    func flip() {
        let image = Self.noise(width: 32, height: 32, seed: 1)
        let plain = render(renderer(), image, ViewParameters(crop: Self.whole(image)))
        let flipped = render(renderer(), image, ViewParameters(flip: true, crop: Self.whole(image)))
        let mirrored = plain.indices.map { index in
            plain[3 * (index / 3 / 32 * 32 + 31 - index / 3 % 32) + index % 3]
        }
        #expect(flipped == mirrored)
    }

    @Test("The same view has the same bits, on any thread, after any other view, by any renderer")
    func bits() async {
        let images = [Self.noise(width: 90, height: 61, seed: 2), Self.noise(width: 20, height: 200, seed: 3)]
        let views = images.enumerated().flatMap { number, image in
            ViewSamplerTests.sets(count: 15, width: image.width, height: image.height).flatMap { set in
                (set.keys + [set.query]).map { (image, $0) }
            }
        }
        let expected = views.map { render(renderer(), $0.0, $0.1) }
        let shared = renderer()
        await withTaskGroup(of: Bool.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    views.indices.allSatisfy { step in
                        let index = (step * 7 + worker * 31) % views.count
                        return render(shared, views[index].0, views[index].1) == expected[index]
                    }
                }
            }
            for await same in group { #expect(same) }
        }
        #expect(expected.allSatisfy { $0.allSatisfy(\.isFinite) })
    }

    @Test("A picture of one pixel, or of one colour, gives finite views")
    func degenerate() {
        let pixel = CachedImage(width: 1, height: 1, pixels: [9, 200, 30])
        let flat = CachedImage(width: 40, height: 30, pixels: [UInt8](repeating: 128, count: 3_600))
        for image in [pixel, flat] {
            for set in ViewSamplerTests.sets(count: 60, width: image.width, height: image.height) {
                #expect(render(renderer(), image, set.query).allSatisfy { abs($0) < 10 })
            }
        }
        let view = ViewParameters(
            crop: Self.whole(flat), texture: .init(convolution: .init(kernel: 7, alpha: 1, seed: 1)))
        let expected = zip(GoldenViewTests.mean, GoldenViewTests.std).map { (128.0 / 255 - $0) / $1 }
        // The zeros around it make a border in the convolved picture; its own spread, none, takes it away again.
        for (index, value) in render(renderer(), flat, view).enumerated() {
            #expect(abs(value - expected[index % 3]) < 1e-3)
        }
    }
}
