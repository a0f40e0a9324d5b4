// SPDX-License-Identifier: Apache-2.0

/// Which published numbers are used, and how they are carried over to other sizes.
///
/// The rule: a length in pixels (the radius or deviation of a blur, the throw of glass, the flake of snow, the
/// displacement of an elastic warp) is multiplied by side / 224, with side the square root of the picture's area, so
/// that the same part of the picture is blurred. Strengths that are no lengths stay: noise is by the pixel, zoom and
/// pixelation are fractions of the side already, fog is made at the size of the picture, JPEG has its blocks of 8.
/// What would be less than a pixel long is not lost: narrow blurs keep their variance, small flakes their share.
/// A picture of 224 x 224 gets the published corruption either way.
package struct CorruptionSettings: Sendable, Hashable, Codable {
    /// A set of published parameters.
    package enum Table: String, CaseIterable, Sendable, Hashable, Codable {
        /// ImageNet-C, for 224 pixels.
        case imageNet
        /// The same authors' milder set for ImageNet at 64 pixels.
        case imageNet64

        /// The side in pixels for which the lengths hold.
        package var side: Double {
            switch self {
            case .imageNet: 224
            case .imageNet64: 64
            }
        }
    }

    package var table: Table
    /// False leaves all lengths as published, whatever the size: at 64 pixels much stronger than meant.
    package var scalesLengths: Bool

    package init(table: Table = .imageNet, scalesLengths: Bool = true) {
        self.table = table
        self.scalesLengths = scalesLengths
    }

    /// The factor for lengths in a picture of this size; exactly 1 at the side the table is for.
    package func scale(width: Int, height: Int) -> Double {
        scalesLengths ? (Double(width) * Double(height)).squareRoot() / table.side : 1
    }
}

/// Published parameters, five severities each; lengths in pixels of the table's side.
extension CorruptionSettings.Table {
    private func pick<Value>(_ imageNet: [Value], _ imageNet64: [Value]) -> [Value] {
        self == .imageNet ? imageNet : imageNet64
    }

    /// Standard deviations.
    var gaussianNoise: [Double] { pick([0.08, 0.12, 0.18, 0.26, 0.38], [0.04, 0.08, 0.12, 0.15, 0.18]) }
    /// Photons of a white sample.
    var shotNoise: [Double] { pick([60, 25, 12, 5, 3], [250, 100, 50, 30, 15]) }
    /// Share of samples that are replaced.
    var impulseNoise: [Double] { pick([0.03, 0.06, 0.09, 0.17, 0.27], [0.01, 0.02, 0.05, 0.08, 0.14]) }
    /// Standard deviations for a white sample.
    var speckleNoise: [Double] { pick([0.15, 0.2, 0.35, 0.45, 0.6], [0.15, 0.2, 0.25, 0.3, 0.35]) }
    /// Standard deviations in pixels.
    var gaussianBlur: [Double] { pick([1, 2, 3, 4, 6], [0.5, 0.75, 1, 1.25, 1.5]) }

    /// Deviation of the blur, largest throw, rounds.
    var glassBlur: [(sigma: Double, reach: Double, rounds: Int)] {
        pick(
            [(0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)],
            [(0.1, 1, 1), (0.5, 1, 1), (0.6, 1, 2), (0.7, 2, 1), (0.9, 2, 2)])
    }

    /// Radius of the disk, deviation of the blur that softens its edge.
    var defocusBlur: [(radius: Double, softening: Double)] {
        pick(
            [(3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)],
            [(0.5, 0.6), (1, 0.1), (1.5, 0.1), (2.5, 0.01), (3, 0.1)])
    }

    /// Half the length of the line, and how fast it fades.
    var motionBlur: [(radius: Double, sigma: Double)] {
        pick([(10, 3), (15, 5), (15, 8), (15, 12), (20, 15)], [(10, 1), (10, 1.5), (10, 2), (10, 2.5), (12, 3)])
    }

    /// Step between magnifications and their number, 1 included; the first row ends at 1.11, as NumPy's rounding had it.
    var zoomBlur: [(step: Double, count: Int)] {
        pick(
            [(0.01, 12), (0.01, 16), (0.02, 11), (0.02, 13), (0.03, 11)],
            [(0.01, 7), (0.01, 12), (0.01, 16), (0.01, 21), (0.01, 26)])
    }

    /// Thickness, and by what the amplitude falls from each octave to the next.
    var fog: [(strength: Double, decay: Double)] {
        pick(
            [(1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)], [(0.4, 3), (0.7, 3), (1, 2.5), (1.5, 2), (2, 1.75)])
    }

    /// Added to the value (HSV).
    var brightness: [Double] { [0.1, 0.2, 0.3, 0.4, 0.5] }
    /// What remains of the difference to the mean.
    var contrast: [Double] { [0.4, 0.3, 0.2, 0.1, 0.05] }
    /// Share of the side that is left.
    var pixelate: [Double] { pick([0.6, 0.5, 0.4, 0.3, 0.25], [0.9, 0.8, 0.7, 0.6, 0.5]) }
    /// Quality of the file.
    var jpegCompression: [Int] { pick([25, 18, 15, 10, 7], [65, 58, 50, 40, 25]) }
    /// The saturation (HSV) is multiplied, then raised.
    var saturate: [(factor: Double, shift: Double)] {
        [(0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (self == .imageNet ? 20 : 30, 0.2)]
    }
}

/// The corruptions with more than three numbers a severity.
extension CorruptionSettings.Table {
    struct Elastic {
        /// Height of the displacement before it is smoothed, deviation of the smoothing, and largest shift of the three
        /// points that fix the affine part; all in pixels.
        let alpha: Double
        let sigma: Double
        let shift: Double
    }

    struct Snow {
        let mean: Double
        let deviation: Double
        /// Magnification of the noise: the size of a flake in pixels.
        let zoom: Double
        let threshold: Double
        let radius: Double
        let sigma: Double
        /// Share of the picture that is not whitened.
        let mix: Double
    }

    /// The reference for 224 pixels multiplies by 244, and so must we.
    var elasticTransform: [Elastic] {
        let rows: [(Double, Double, Double)] =
            self == .imageNet
            ? [(2, 0.7, 0.1), (2, 0.08, 0.2), (0.05, 0.01, 0.02), (0.07, 0.01, 0.02), (0.12, 0.01, 0.02)]
            : [(0, 0, 0.08), (0.05, 0.3, 0.06), (0.1, 0.08, 0.06), (0.1, 0.03, 0.03), (0.16, 0.03, 0.02)]
        let side: Double = self == .imageNet ? 244 : 64
        return rows.map { Elastic(alpha: side * $0.0, sigma: side * $0.1, shift: side * $0.2) }
    }

    var snow: [Snow] {
        let rows: [[Double]] =
            self == .imageNet
            ? [
                [0.1, 0.3, 3, 0.5, 10, 4, 0.8], [0.2, 0.3, 2, 0.5, 12, 4, 0.7], [0.55, 0.3, 4, 0.9, 12, 8, 0.7],
                [0.55, 0.3, 4.5, 0.85, 12, 8, 0.65], [0.55, 0.3, 2.5, 0.85, 12, 12, 0.55],
            ]
            : [
                [0.1, 0.2, 1, 0.6, 8, 3, 0.8], [0.1, 0.2, 1, 0.5, 10, 4, 0.8], [0.15, 0.3, 1.75, 0.55, 10, 4, 0.7],
                [0.25, 0.3, 2.25, 0.6, 12, 6, 0.65], [0.3, 0.3, 1.25, 0.65, 14, 12, 0.6],
            ]
        return rows.map {
            Snow(
                mean: $0[0], deviation: $0[1], zoom: $0[2], threshold: $0[3], radius: $0[4], sigma: $0[5], mix: $0[6])
        }
    }
}
