// SPDX-License-Identifier: Apache-2.0
//
// The corruptions of ImageNet-C (Hendrycks and Dietterich, ICLR 2019) that need no foreign pictures, by the formulas of
// its reference program. Pictures are 8-bit RGB of any shape; the arithmetic is Float on values of 0 to 1.
// What differs from the reference on purpose:
//  - Results are rounded to 8 bits; the reference cuts the fraction off, which darkens by half a level.
//  - Random numbers are ours: the laws are the same, the draws are not.
//  - Motion blur (also of snow) is our own: see `LineKernel`.
//  - Lengths follow the size of the picture: see `CorruptionSettings`.
//  - Nothing is saved as JPEG afterwards; the published files went through quality 85.

package import ContrastiveTraining
package import ImageDecoding

/// One of the corruptions; the raw value is its name in ImageNet-C.
package enum Corruption: String, CaseIterable, Sendable, Hashable, Codable {
    case gaussianNoise = "gaussian_noise"
    case shotNoise = "shot_noise"
    case impulseNoise = "impulse_noise"
    case defocusBlur = "defocus_blur"
    case glassBlur = "glass_blur"
    case motionBlur = "motion_blur"
    case zoomBlur = "zoom_blur"
    case snow
    case fog
    case brightness
    case contrast
    case elasticTransform = "elastic_transform"
    case pixelate
    case jpegCompression = "jpeg_compression"
    case speckleNoise = "speckle_noise"
    case gaussianBlur = "gaussian_blur"
    case saturate

    /// The family that results are averaged over.
    package enum Group: String, CaseIterable, Sendable, Hashable, Codable {
        case noise, blur, weather, digital
    }

    /// How strong: 1 is mild, 5 is severe.
    package static let severities = 1...5

    /// The family, as in the paper; an extra belongs to the one it resembles.
    package var group: Group {
        switch self {
        case .gaussianNoise, .shotNoise, .impulseNoise, .speckleNoise: .noise
        case .defocusBlur, .glassBlur, .motionBlur, .zoomBlur, .gaussianBlur: .blur
        case .snow, .fog, .brightness: .weather
        case .contrast, .elasticTransform, .pixelate, .jpegCompression, .saturate: .digital
        }
    }

    /// Whether it is one of the four for tuning, which do not count in the benchmark's mean.
    package var isExtra: Bool { [.speckleNoise, .gaussianBlur, .saturate].contains(self) }

    /// The corruptions that count: 14 of the benchmark's 15.
    package static let benchmark = allCases.filter { !$0.isExtra }

    /// A corruption of the benchmark that is missing here.
    package struct LeftOut: Sendable, Hashable {
        package let name: String
        package let group: Group
        package let isExtra: Bool
        /// A sentence for a report.
        package let reason: String
    }

    /// What is missing, and why.
    package static let leftOut = [
        LeftOut(
            name: "frost", group: .weather, isExtra: false,
            reason: "It blends in photographs of frost, which are not ours to ship."),
        LeftOut(
            name: "spatter", group: .weather, isExtra: true,
            reason: "Its drops come out of OpenCV's edge detector and chamfer distances, and no measure counts it."),
    ]
}

extension Corruption {
    /// The corrupted picture, of the same size; sides up to 65,500 pixels.
    ///
    /// The same picture, severity, settings and stream give the same bytes. About a millisecond for 64 x 64 pixels; any
    /// thread.
    package func apply(
        to image: RGBImage, severity: Int, settings: CorruptionSettings = CorruptionSettings(),
        stream: RandomStream
    ) -> RGBImage {
        precondition(Self.severities.contains(severity), "severity \(severity) of \(Self.severities)")
        var work = CorruptionWork(
            image: image, level: severity - 1, table: settings.table,
            scale: settings.scale(width: image.width, height: image.height), stream: stream)
        switch self {
        case .gaussianNoise: return work.gaussianNoise()
        case .shotNoise: return work.shotNoise()
        case .impulseNoise: return work.impulseNoise()
        case .speckleNoise: return work.speckleNoise()
        case .defocusBlur: return work.defocusBlur()
        case .glassBlur: return work.glassBlur()
        case .motionBlur: return work.motionBlur()
        case .zoomBlur: return work.zoomBlur()
        case .gaussianBlur: return work.gaussianBlur()
        case .snow: return work.snow()
        case .fog: return work.fog()
        case .brightness: return work.brightness()
        case .contrast: return work.contrast()
        case .elasticTransform: return work.elasticTransform()
        case .pixelate: return work.pixelate()
        case .jpegCompression: return work.jpegCompression()
        case .saturate: return work.saturate()
        }
    }

    /// The stream for one picture: other corruptions, severities, pictures and seeds draw unrelated numbers.
    package func stream(seed: UInt64, image: Int, severity: Int) -> RandomStream {
        let name = rawValue.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        return RandomStream(seed: seed, name, UInt64(truncatingIfNeeded: image), UInt64(truncatingIfNeeded: severity))
    }
}

/// What every corruption has at hand while it works on one picture.
package struct CorruptionWork {
    let image: RGBImage
    /// 0 to 4.
    let level: Int
    let table: CorruptionSettings.Table
    /// Factor for lengths in pixels.
    let scale: Double
    var stream: RandomStream
}
