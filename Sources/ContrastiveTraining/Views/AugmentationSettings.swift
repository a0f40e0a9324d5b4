// SPDX-License-Identifier: Apache-2.0

internal import Kernels

/// How views are drawn; the defaults are the published numbers (MoCo v2's recipe as LooC uses it; RandConv's).
///
/// Probabilities are 0 to 1. What applies depends on the factors in use: ``ViewSampler`` ignores the rest.
package struct AugmentationSettings: Sendable, Codable, Equatable {
    /// Share of the picture's area that a crop keeps.
    package var cropScale = 0.2...1.0
    /// Width by height of a crop; drawn uniformly in the logarithm.
    package var cropRatio = 3.0 / 4...4.0 / 3
    package var flipProbability = 0.5

    package var blurProbability = 0.5
    /// Standard deviation of the blur in pixels of a picture of ``blurSide``.
    package var blurSigma = 0.1...2.0
    /// The side for which ``blurSigma`` holds.
    ///
    /// At another training size it is scaled along: 0.1 to 2 pixels at 224 become 0.03 to 0.57 at 64, the same part of the
    /// picture. Set it to the training size to blur by pixels instead.
    package var blurSide = 224.0

    package var colorProbability = 0.8
    /// Brightness, contrast and saturation are multiplied by a factor between 1 - strength and 1 + strength.
    package var brightness = 0.4
    package var contrast = 0.4
    package var saturation = 0.4
    /// The hue moves by at most this fraction of the colour circle, either way; up to 0.5.
    package var hue = 0.1
    package var grayscaleProbability = 0.2
    /// Whether losing all colour is part of the colour factor and shared with it.
    package var grayscaleBelongsToColor = true

    package var rotationProbability = 0.5
    package var rotationLaw = RotationLaw.turned

    package var textureProbability = 0.5
    package var textureMode = TextureMode.replace
    /// Kernel sizes, each as likely; odd numbers.
    ///
    /// Published for digits of 32 pixels and photographs of 224 alike, so they are not scaled.
    package var textureKernels = [1, 3, 5, 7]
    package var textureChannels = TextureChannels.mixed
    /// The sizes that do something: one weight for all channels is undone when the statistics are given back.
    package var effectiveKernels: [Int] {
        guard textureChannels == .same, textureKeepsStatistics else { return textureKernels }
        let wide = textureKernels.filter { $0 > 1 }
        return wide.isEmpty ? textureKernels : wide
    }
    /// Whether the result gets the mean and spread of each channel back that it had before.
    package var textureKeepsStatistics = true

    package init() {}
}

extension AugmentationSettings {
    /// What a rotation is, once it has been decided (with ``rotationProbability``) that there is one.
    ///
    /// The paper's law is not known. The one number reported for it is "RandomRotation90, p = 0.5"; the default reads it
    /// so that a rotation does rotate: half of all views are upright, a sixth lies in each other direction, and k0 turns as
    /// the query does in 1 of 3 cases. `any` with probability 1 gives four equal classes and 1 of 4.
    package enum RotationLaw: String, Sendable, Codable {
        /// 90, 180 or 270 degrees.
        case turned
        /// 0, 90, 180 or 270 degrees.
        case any
    }

    /// What becomes of the convolved picture.
    package enum TextureMode: String, Sendable, Codable {
        /// It replaces the picture (RandConv's RC_img).
        case replace
        /// It is mixed with the picture by a share drawn uniformly (RC_mix).
        case mix
    }

    /// Whether a random convolution may put one colour channel into another.
    package enum TextureChannels: String, Sendable, Codable {
        /// Nine independent kernels, as published: false colours appear, though a channel's mean and spread can be kept.
        case mixed
        /// One kernel for all three channels: grey stays grey.
        case same
    }

    /// Checks numbers that come from outside.
    package func validate() throws(AugmentationError) {
        for (name, value) in probabilities where !(0...1).contains(value) {
            throw .outOfRange(name: name, value: "\(value)", allowed: "0 to 1")
        }
        for (name, value) in [("brightness", brightness), ("contrast", contrast), ("saturation", saturation)]
        where !(0...100).contains(value) {
            throw .outOfRange(name: name, value: "\(value)", allowed: "0 to 100")
        }
        guard (0...0.5).contains(hue) else { throw .outOfRange(name: "hue", value: "\(hue)", allowed: "0 to 0.5") }
        try check("crop scale", cropScale, within: 1e-6...1)
        try check("crop ratio", cropRatio, within: 1e-3...1e3)
        try check("blur sigma", blurSigma, within: 1e-6...1e3)
        guard (1...1e6).contains(blurSide) else {
            throw .outOfRange(name: "blur side", value: "\(blurSide)", allowed: "1 to 1000000")
        }
        let sizes = 1...ImageKernels.largestKernel
        guard !textureKernels.isEmpty, textureKernels.allSatisfy({ $0 % 2 == 1 && sizes.contains($0) }) else {
            throw .outOfRange(
                name: "texture kernels", value: "\(textureKernels)", allowed: "odd, 1 to \(sizes.upperBound)")
        }
    }

    private var probabilities: [(String, Double)] {
        [
            ("flip probability", flipProbability), ("blur probability", blurProbability),
            ("colour probability", colorProbability), ("grayscale probability", grayscaleProbability),
            ("rotation probability", rotationProbability), ("texture probability", textureProbability),
        ]
    }

    private func check(
        _ name: String, _ range: ClosedRange<Double>, within allowed: ClosedRange<Double>
    ) throws(AugmentationError) {
        guard allowed.contains(range.lowerBound), allowed.contains(range.upperBound) else {
            throw .outOfRange(
                name: name, value: "\(range)", allowed: "\(allowed.lowerBound) to \(allowed.upperBound)")
        }
    }
}

/// Why augmentation settings were refused.
package enum AugmentationError: Error, Equatable, Sendable, CustomStringConvertible {
    case outOfRange(name: String, value: String, allowed: String)

    /// One sentence naming the setting and what it must be.
    package var description: String {
        switch self {
        case .outOfRange(let name, let value, let allowed): "the \(name) is \(value); it must be \(allowed)."
        }
    }
}
