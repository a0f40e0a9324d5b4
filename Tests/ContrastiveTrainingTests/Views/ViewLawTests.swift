// SPDX-License-Identifier: Apache-2.0

internal import ContrastiveTraining
internal import Foundation
internal import Kernels
internal import Testing

/// The marginal laws of what is drawn, at the defaults, over a fixed seed.
@Suite("Laws of the views")
struct ViewLawTests {
    static let views: [ViewParameters] = ViewSamplerTests.sets(count: 5_000, width: 1_000, height: 1_000)
        .flatMap { [$0.query, $0.keys[0]] }

    /// The share of all views for which `test` is true.
    private func share(_ test: (ViewParameters) -> Bool) -> Double {
        Double(Self.views.count(where: test)) / Double(Self.views.count)
    }

    /// Four standard deviations of a share `p` of `count` draws.
    private func margin(_ p: Double, _ count: Int = views.count) -> Double {
        4 * (p * (1 - p) / Double(count)).squareRoot()
    }

    @Test("Everything happens as often as its probability says")
    func probabilities() {
        let expected: [(String, Double, (ViewParameters) -> Bool)] = [
            ("flip", 0.5, \.flip), ("blur", 0.5, { $0.blur != nil }), ("jitter", 0.8, { $0.color?.jitter != nil }),
            ("gray", 0.2, { $0.color?.grayscale == true }), ("texture", 0.5, { $0.texture?.convolution != nil }),
            ("upright", 0.5, { $0.rotation?.quarterTurns == 0 }),
            ("90 degrees", 1.0 / 6, { $0.rotation?.quarterTurns == 1 }),
            ("180 degrees", 1.0 / 6, { $0.rotation?.quarterTurns == 2 }),
            ("270 degrees", 1.0 / 6, { $0.rotation?.quarterTurns == 3 }),
            ("jitter and flip", 0.4, { $0.color?.jitter != nil && $0.flip }),
            ("blur and texture", 0.25, { $0.blur != nil && $0.texture?.convolution != nil }),
            ("flip and upright", 0.25, { $0.flip && $0.rotation?.quarterTurns == 0 }),
        ]
        for (name, p, test) in expected { #expect(abs(share(test) - p) < margin(p), "\(name)") }
        for kernel in [1, 3, 5, 7] {
            #expect(abs(share { $0.texture?.convolution?.kernel == kernel } - 0.125) < margin(0.125))
        }
    }

    @Test("All four directions are as likely under the other law")
    func fourWays() {
        var settings = AugmentationSettings()
        settings.rotationLaw = .any
        settings.rotationProbability = 1
        let sampler = ViewSampler(settings: settings, factors: [.rotation], keyed: [])
        let views = ViewSamplerTests.sets(sampler).map(\.query)
        for turns in 0..<4 {
            let found = Double(views.count { $0.rotation?.quarterTurns == turns }) / Double(views.count)
            #expect(abs(found - 0.25) < margin(0.25, views.count))
        }
    }

    @Test("Jitter is uniform in its ranges, in every order, independent from step to step")
    func jitter() {
        let jitters = Self.views.compactMap { $0.color?.jitter }
        func isUniform(_ values: [Double], _ range: ClosedRange<Double>) -> Bool {
            let width = range.upperBound - range.lowerBound
            let mean = values.reduce(0, +) / Double(values.count)
            let low = Double(values.count { $0 < range.lowerBound + width / 4 }) / Double(values.count)
            return values.allSatisfy { $0 >= range.lowerBound - 1e-6 && $0 <= range.upperBound + 1e-6 }
                && abs(mean - (range.lowerBound + width / 2)) < 0.02 * width
                && abs(low - 0.25) < margin(0.25, values.count)
        }
        #expect(isUniform(jitters.map { Double($0.brightness) }, 0.6...1.4))
        #expect(isUniform(jitters.map { Double($0.contrast) }, 0.6...1.4))
        #expect(isUniform(jitters.map { Double($0.saturation) }, 0.6...1.4))
        #expect(isUniform(jitters.map { Double($0.hue) }, -0.1...0.1))
        #expect(isUniform(Self.views.compactMap { $0.blur.map { Double($0.sigma) } }, 0.1...2))
        let orders = Dictionary(grouping: jitters, by: \.order).mapValues(\.count)
        #expect(orders.count == 24)
        for count in orders.values {
            #expect(abs(Double(count) / Double(jitters.count) - 1.0 / 24) < margin(1.0 / 24, jitters.count))
        }
        let product = jitters.reduce(0.0) { $0 + Double($1.brightness - 1) * Double($1.contrast - 1) }
        #expect(abs(product / Double(jitters.count)) < 0.003)
    }

    // A try succeeds when both sides fit, which for a share s of a square's area happens for |ln ratio| <= -ln s: the area
    // that is left has the density min(1, -ln s / ln(4/3)) between 0.2 and 1.
    @Test("A crop of a square has the area, shape and place that ten tries of torchvision give")
    func crops() {
        let crops = Self.views.map(\.crop)
        let steps = stride(from: 0.2005, to: 1, by: 0.001).map { ($0, min(1, -log($0) / log(4.0 / 3))) }
        let mass = steps.reduce(0) { $0 + $1.1 }
        let areas = crops.map { Double($0.width * $0.height) / 1e6 }
        for limit in [0.3, 0.5, 0.75, 0.9] {
            let expected = steps.filter { $0.0 < limit }.reduce(0) { $0 + $1.1 } / mass
            let found = Double(areas.count { $0 < limit }) / Double(areas.count)
            #expect(abs(found - expected) < margin(expected), "below \(limit)")
        }
        let ratios = crops.map { log(Double($0.width) / Double($0.height)) }
        #expect(ratios.allSatisfy { abs($0) < log(4.0 / 3) + 0.005 })
        #expect(abs(ratios.reduce(0, +) / Double(ratios.count)) < 0.007)
        // Small crops fit always: there the logarithm of the ratio is uniform.
        let small = zip(areas, ratios).filter { $0.0 < 0.7 }.map(\.1)
        let outer = Double(small.count { abs($0) > log(4.0 / 3) / 2 }) / Double(small.count)
        #expect(abs(outer - 0.5) < margin(0.5, small.count))
        let places = crops.filter { $0.height < 900 }.map { Double($0.top) / Double(1_000 - $0.height) }
        let upper = Double(places.count { $0 < 0.25 }) / Double(places.count)
        #expect(abs(upper - 0.25) < margin(0.25, places.count))
    }

    @Test(
        "A picture too narrow for every try gives the centred crop within the ratios",
        arguments: [
            (10, 100, CropParameters(top: 43, left: 0, height: 13, width: 10)),
            (100, 10, CropParameters(top: 0, left: 43, height: 10, width: 13)),
            (1, 500, CropParameters(top: 249, left: 0, height: 1, width: 1)),
        ])
    func narrow(width: Int, height: Int, expected: CropParameters) {
        let sampler = ViewSampler(settings: .init(), factors: [], keyed: [])
        let sets = ViewSamplerTests.sets(sampler, count: 50, width: width, height: height)
        #expect(sets.allSatisfy { $0.query.crop == expected })
    }

    @Test("A crop lies within the turned picture, whatever its shape", arguments: [(1, 1), (2, 3), (7, 90), (64, 48)])
    func bounds(width: Int, height: Int) {
        for set in ViewSamplerTests.sets(count: 300, width: width, height: height) {
            for view in set.keys + [set.query] {
                let swaps = (view.rotation?.quarterTurns ?? 0) % 2 == 1
                let crop = view.crop
                #expect(crop.width > 0 && crop.left >= 0 && crop.left + crop.width <= (swaps ? height : width))
                #expect(crop.height > 0 && crop.top >= 0 && crop.top + crop.height <= (swaps ? width : height))
            }
        }
    }
}
