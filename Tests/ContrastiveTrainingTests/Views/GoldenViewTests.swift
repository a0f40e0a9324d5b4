// SPDX-License-Identifier: Apache-2.0

internal import ContrastiveTraining
internal import Foundation
internal import Kernels
internal import TestSupport
internal import Testing

/// Views against PyTorch's and torchvision's arithmetic, element by element (Fixtures/make_fixtures.py).
@Suite("Views against torchvision")
struct GoldenViewTests {
    static let size = 17
    static let mean: [Float] = [0.485, 0.456, 0.406]
    static let std: [Float] = [0.229, 0.224, 0.225]
    static let sets = InstructionSet.available

    private let golden: GoldenTensors
    private let image: CachedImage

    init() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        golden = try GoldenTensors(folder.appendingPathComponent("Fixtures/views.safetensors"))
        let source = try #require(golden["source"])
        image = CachedImage(width: source.shape[1], height: source.shape[0], pixels: source.values.map { UInt8($0) })
    }

    /// The cases whose name starts with `prefix`: expected pixels and the numbers they were made with.
    private func cases(_ prefix: String, _ expected: Int) throws -> [(name: String, pixels: [Float], with: [Float])] {
        let names = golden.names.filter { $0.hasPrefix(prefix + ".") && $0.split(separator: ".").count == 2 }
        #expect(names.count == expected, "cases of \(prefix)")
        return try names.map { name in
            (name, try #require(golden[name]).values, try #require(golden[name + ".with"]).values)
        }
    }

    /// A view that only lies: flip, quarter turns, crop.
    private func placed(_ with: [Float]) -> ViewParameters {
        ViewParameters(
            flip: with[0] > 0, rotation: .init(quarterTurns: Int(with[1])),
            crop: .init(top: Int(with[2]), left: Int(with[3]), height: Int(with[4]), width: Int(with[5])))
    }

    private func render(
        _ view: ViewParameters, mean: [Float] = [0, 0, 0], std: [Float] = [1, 1, 1], _ instructions: InstructionSet
    ) -> [Float] {
        var settings = AugmentationSettings()
        settings.blurSide = Double(Self.size)
        let renderer = ViewRenderer(
            size: Self.size, mean: mean, std: std, settings: settings, instructions: instructions)
        var out = [Float](repeating: .nan, count: 3 * Self.size * Self.size)
        renderer.render(image, view, into: &out)
        return out
    }

    @Test("Crop and antialiased resize", arguments: sets)
    func resizing(_ instructions: InstructionSet) throws {
        for (name, pixels, with) in try cases("resize", 7) {
            #expect(largestDifference(render(placed(with), instructions), pixels) < 1e-5, "\(name)")
        }
    }

    @Test("Flip, then quarter turns, then crop", arguments: sets)
    func turning(_ instructions: InstructionSet) throws {
        for (name, pixels, with) in try cases("turn", 8) {
            #expect(largestDifference(render(placed(with), instructions), pixels) < 1e-5, "\(name)")
        }
    }

    @Test("Colour operations", arguments: sets, ImageKernels.ColorOperation.allCases)
    func coloring(_ instructions: InstructionSet, _ operation: ImageKernels.ColorOperation) throws {
        let small = try #require(golden["small"]).values
        for (name, pixels, with) in try cases(operation.rawValue, operation == .hue ? 5 : 4) {
            var planes = Planes(size: Self.size, pixels: small)
            planes.memory.withUnsafeMutableBufferPointer {
                ImageKernels(size: Self.size, instructions: instructions).adjust(operation, with[0], $0.baseAddress!)
            }
            #expect(largestDifference(planes.pixels, pixels) < 1e-5, "\(name)")
        }
    }

    @Test("Loss of colour", arguments: sets)
    func graying(_ instructions: InstructionSet) throws {
        var planes = Planes(size: Self.size, pixels: try #require(golden["small"]).values)
        planes.memory.withUnsafeMutableBufferPointer {
            ImageKernels(size: Self.size, instructions: instructions).grayscale($0.baseAddress!)
        }
        #expect(largestDifference(planes.pixels, try #require(golden["grayscale"]).values) < 1e-6)
    }

    @Test("Gaussian blur with reflected edges", arguments: sets)
    func blurring(_ instructions: InstructionSet) throws {
        let whole = CropParameters(top: 0, left: 0, height: image.height, width: image.width)
        let plain = render(ViewParameters(crop: whole), instructions)
        let small = try #require(golden["small"]).values
        for (name, pixels, with) in try cases("blur", 5) {
            var planes = Planes(size: Self.size, pixels: small)
            let sigma = Double(with[0])
            let taps = gaussian(sigma: sigma)
            var scratch = planes.memory
            planes.memory.withUnsafeMutableBufferPointer { memory in
                taps.withUnsafeBufferPointer {
                    ImageKernels(size: Self.size, instructions: instructions)
                        .blur(memory.baseAddress!, taps: $0, scratch: &scratch)
                }
            }
            #expect(largestDifference(planes.pixels, pixels) < 1e-5, "\(name)")
            // The renderer comes to the same taps.
            let expected = PlainImages.blurred(plain, size: Self.size, taps: taps.map(Double.init))
            let found = render(ViewParameters(crop: whole, blur: .init(sigma: with[0])), instructions)
            #expect(largestDifference(found, expected) < 1e-5, "\(name), rendered")
        }
    }

    private func gaussian(sigma: Double) -> [Float] {
        let radius = Int((4 * sigma).rounded(.up))
        let raw = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
        return raw.map { Float($0 / raw.reduce(0, +)) }
    }

    @Test("Random convolution of whitened pictures", arguments: sets)
    func texturing(_ instructions: InstructionSet) throws {
        let kernels = ImageKernels(size: Self.size, instructions: instructions)
        let planes = Planes(size: Self.size, pixels: try #require(golden["small"]).values)
        for (name, pixels, with) in try cases("texture", 5) {
            let weights = try #require(golden[name + ".weights"]).values
            var out = [Float](repeating: .nan, count: 3 * Self.size * Self.size)
            var frame = [Float](repeating: .nan, count: kernels.frameCount(radius: Int(with[0]) / 2))
            var result = Planes(size: Self.size).memory
            ViewFinish(kernels, mean: Self.mean, std: Self.std, keepsStatistics: with[2] > 0).texture(
                planes.memory, kernel: Int(with[0]), weights: weights, alpha: with[1], frame: &frame, result: &result,
                into: &out)
            #expect(largestDifference(out, pixels) < 2e-5, "\(name)")
        }
    }

    @Test("Whole views", arguments: sets)
    func whole(_ instructions: InstructionSet) throws {
        for (name, pixels, with) in try cases("view", 3) {
            let operations = ImageKernels.ColorOperation.allCases
            let jitter = ColorParameters.Jitter(
                order: with[6..<10].map { operations[Int($0)] }, brightness: with[10], contrast: with[11],
                saturation: with[12], hue: with[13])
            let base = placed(with)
            let view = ViewParameters(
                flip: base.flip, rotation: base.rotation, crop: base.crop,
                color: .init(jitter: jitter, grayscale: with[14] > 0), blur: with[15] > 0 ? .init(sigma: with[15]) : nil
            )
            let found = render(view, mean: Self.mean, std: Self.std, instructions)
            #expect(largestDifference(found, pixels) < 5e-5, "\(name)")
        }
    }
}
