// SPDX-License-Identifier: Apache-2.0

import ContrastiveTraining
import Evaluation
import ImageDecoding
import Statistics
import Testing

/// The noises are draws; their laws are what is published.
@Suite("The laws of noise")
struct NoiseLawTests {
    private static let side = 70

    /// The samples that a picture of one level turns into.
    private func samples(_ corruption: Corruption, _ severity: Int, level: UInt8) -> [Double] {
        let image = RGBImage(
            width: Self.side, height: Self.side, pixels: Array(repeating: level, count: 3 * Self.side * Self.side))
        return corruption.apply(to: image, severity: severity, stream: RandomStream(seed: 4)).pixels.map(Double.init)
    }

    private func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
        let mean = values.reduce(0, +) / Double(values.count)
        let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        return (mean, square.squareRoot())
    }

    @Test("Gaussian noise has its deviation at every level")
    func gaussian() {
        let (mean, deviation) = moments(samples(.gaussianNoise, 2, level: 128))
        #expect(abs(mean - 128) < 1 && abs(deviation / (0.12 * 255) - 1) < 0.02)
    }

    @Test("Speckle noise grows with the level, and shot noise with its root")
    func dependsOnLevel() {
        for level in [40, 120] as [UInt8] {
            let speckle = moments(samples(.speckleNoise, 1, level: level))
            #expect(abs(speckle.mean - Double(level)) < 1 && abs(speckle.deviation / (0.15 * Double(level)) - 1) < 0.03)
            let shot = moments(samples(.shotNoise, 1, level: level))
            let expected = (Double(level) / 255 / 60).squareRoot() * 255
            #expect(abs(shot.mean - Double(level)) < 1 && abs(shot.deviation / expected - 1) < 0.03)
        }
    }

    @Test("Impulse noise replaces its share of samples, by black and white alike")
    func impulse() {
        let values = samples(.impulseNoise, 5, level: 100)
        let (black, white) = (values.count { $0 == 0 }, values.count { $0 == 255 })
        #expect(values.allSatisfy { [0, 100, 255].contains($0) })
        #expect(abs(Double(black + white) / Double(values.count) - 0.27) < 0.015)
        #expect(abs(Double(black) / Double(black + white) - 0.5) < 0.03)
    }

    @Test("Poisson draws have the mean and the variance of their law", arguments: [0, 0.4, 3, 60, 500])
    func poisson(mean: Double) {
        let table = PoissonTable(mean: mean)
        var stream = RandomStream(seed: 7)
        let (found, deviation) = moments((0..<4_000).map { _ in Double(table.draw(&stream)) })
        #expect(abs(found - mean) <= 0.06 * mean.squareRoot())
        #expect(abs(deviation - mean.squareRoot()) <= 0.05 * mean.squareRoot())
    }

    @Test("Clouds fill 0 to 1, cover what is asked for, and join at the edges")
    func plasma() {
        var stream = RandomStream(seed: 2)
        let clouds = PlasmaFractal(covering: 33, decay: 2) { Float(stream.uniform(-1...1)) }
        #expect(clouds.side == 64 && clouds.values.min() == 0 && clouds.values.max() == 1)
        func step(_ a: Int, _ b: Int) -> Float {
            (0..<64).reduce(0) { $0 + abs(clouds.values[$1 * 64 + a] - clouds.values[$1 * 64 + b]) }
        }
        #expect(step(63, 0) < 0.5 * step(0, 32))
        #expect(PlasmaFractal(covering: 1, decay: 2) { 1 }.values == [0])
    }

    @Test("Borders stand in for what lies beyond the edge", arguments: Border.allCases)
    func borders(_ border: Border) {
        let places = (-5..<9).map { border.index($0, count: 4) }
        switch border {
        case .nearest: #expect(places == [0, 0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 3, 3])
        case .reflect: #expect(places == [3, 3, 2, 1, 0, 0, 1, 2, 3, 3, 2, 1, 0, 0])
        case .mirror: #expect(places == [1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2])
        }
        #expect((-3..<3).allSatisfy { border.index($0, count: 1) == 0 })
    }
}
