// SPDX-License-Identifier: Apache-2.0

import ContrastiveTraining
import Evaluation
import Foundation
import ImageDecoding
import TestSupport
import Statistics
import Testing

/// Corruptions against NumPy, SciPy, scikit-image and Pillow, element by element (Fixtures/make_corruptions.py).
@Suite("Corruptions against the reference formulas")
struct GoldenCorruptionTests {
    private let golden: GoldenTensors
    private let source: RGBImage
    private let published = CorruptionSettings(scalesLengths: false)

    init() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/corruptions.safetensors")
        golden = try GoldenTensors(file)
        let entry = try #require(golden["source"])
        source = RGBImage(
            width: entry.shape[1], height: entry.shape[0], pixels: entry.values.map { UInt8($0) })
    }

    /// Every sample within `tolerance` of the reference before it was rounded: 0.5 is rounding alone.
    private func expect(_ image: RGBImage, is name: String, within tolerance: Float) throws {
        let entry = try #require(golden[name])
        #expect(entry.shape == [image.height, image.width, 3])
        let worst = zip(image.pixels, entry.values).map { abs(Float($0) - $1) }.max() ?? .infinity
        #expect(worst <= tolerance, "\(name) is off by \(worst) levels")
    }

    private func numbers(_ name: String) throws -> [Float] { try #require(golden[name + ".with"]).values }

    @Test(
        "Those without chance are the reference's to the rounding",
        arguments: [
            Corruption.gaussianBlur, .defocusBlur, .zoomBlur, .brightness, .saturate, .contrast, .pixelate,
        ], Corruption.severities)
    func deterministic(_ corruption: Corruption, severity: Int) throws {
        let image = corruption.apply(
            to: source, severity: severity, settings: published, stream: RandomStream(seed: 1))
        try expect(image, is: "\(corruption.rawValue).\(severity)", within: 0.502)
    }

    @Test("JPEG files decode to what Pillow makes of its own", arguments: Corruption.severities)
    func jpeg(severity: Int) throws {
        let image = Corruption.jpegCompression.apply(
            to: source, severity: severity, settings: published, stream: RandomStream(seed: 1))
        try expect(image, is: "jpeg_compression.\(severity)", within: 1)
    }

    @Test("Fog made of the same draws is the reference's", arguments: Corruption.severities)
    func fog(severity: Int) throws {
        var draws = try numbers("fog.\(severity)").makeIterator()
        let (strength, decay) = [(1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)][severity - 1]
        let clouds = PlasmaFractal(covering: 27, decay: decay) { draws.next() ?? .nan }
        #expect(draws.next() == nil, "draws are left over")
        let image = Planes(source).fogged(by: clouds, strength: Float(strength)).image
        try expect(image, is: "fog.\(severity)", within: 0.51)
    }

    @Test("Motion blur at the same angle is the reference's", arguments: Corruption.severities)
    func motion(severity: Int) throws {
        let degrees = try numbers("motion_blur.\(severity)")[0]
        let (radius, sigma) = [(10.0, 3.0), (15, 5), (15, 8), (15, 12), (20, 15)][severity - 1]
        let kernel = LineKernel(radius: radius, sigma: sigma, degrees: Double(degrees))
        let image = Planes(source).mapped { $0.correlated(kernel.taps, border: .nearest) }.image
        try expect(image, is: "motion_blur.\(severity)", within: 0.502)
    }

    @Test("Snow made of the same noise is the reference's", arguments: 1...2)
    func snow(case number: Int) throws {
        let with = try numbers("snow.\(number)").map(Double.init)
        let noise = Plane(width: source.width, height: source.height, values: with[6...].map { Float($0) })
        let layer = CorruptionWork.flakes(noise, zoom: with[0], threshold: with[1])
        let kernel = LineKernel(radius: with[2], sigma: with[3], degrees: with[5])
        let streaks = layer.correlated(kernel.taps, border: .nearest)
        try expect(
            Planes(source).snowed(under: streaks, mix: Float(with[4])).image, is: "snow.\(number)", within: 0.51)
    }

    @Test("Glass with the same throws is the reference's", arguments: Corruption.severities)
    func glass(severity: Int) throws {
        let throwsMade = try numbers("glass_blur.\(severity)").map { Int($0) }
        let (sigma, reach, rounds) = [(0.7, 1.0, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)][severity - 1]
        var glass = GlassShuffle(CorruptionWork.softened(Planes(source), sigma: sigma), reach: reach)
        var place = 0
        for _ in 0..<rounds {
            glass.shuffle {
                place += 2
                return place <= throwsMade.count ? (throwsMade[place - 2], throwsMade[place - 1]) : (0, 0)
            }
        }
        #expect(place == throwsMade.count)
        let image = CorruptionWork.softened(Planes(glass.image), sigma: sigma).image
        try expect(image, is: "glass_blur.\(severity)", within: 0.7)
    }

    @Test("An elastic warp by the same noise is the reference's", arguments: 1...3)
    func elastic(case number: Int) throws {
        let with = try numbers("elastic_transform.\(number)")
        let size = source.width * source.height
        func plane(_ start: Int) -> Plane {
            Plane(width: source.width, height: source.height, values: Array(with[start..<start + size]))
        }
        let warp = ElasticWarp(
            width: source.width, height: source.height, shifts: with[2..<8].map(Double.init),
            sigma: Double(with[1]), height: Double(with[0]))
        let image = warp.applied(to: Planes(source), across: plane(8), down: plane(8 + size)).image
        try expect(image, is: "elastic_transform.\(number)", within: 0.52)
    }
}
