// SPDX-License-Identifier: Apache-2.0

package import Kernels

/// The last step of a view: whitening, random convolution, and the network's order of pixels.
package struct ViewFinish: Sendable {
    private let kernels: ImageKernels
    /// Whitening: x * scale + shift.
    private let scale: [Float]
    private let shift: [Float]
    private let keepsStatistics: Bool

    /// Whitening is (x - mean) / std; `keepsStatistics` is ``AugmentationSettings/textureKeepsStatistics``.
    package init(_ kernels: ImageKernels, mean: [Float], std: [Float], keepsStatistics: Bool) {
        precondition(mean.count == 3 && std.count == 3, "\(mean.count) means and \(std.count) deviations")
        self.kernels = kernels
        self.keepsStatistics = keepsStatistics
        scale = std.map { 1 / $0 }
        shift = zip(mean, std).map { -$0 / $1 }
    }

    /// Whitens planes of 0 to 1 into `size * size` pixels of three floats.
    package func plain(_ planes: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>) {
        kernels.interleave(planes, scale: scale, shift: shift, into: out)
    }

    /// Whitens planes of 0 to 1, convolves them, mixes the result with what was there by `alpha`, and gives every channel
    /// the mean and spread back that it had.
    ///
    /// `weights` are [input][row][column][output]. `frame` has room for ``ImageKernels/frameCount(radius:)``, `result` for
    /// three planes.
    package func texture(
        _ planes: UnsafePointer<Float>, kernel: Int, weights: UnsafePointer<Float>, alpha: Float,
        frame: UnsafeMutablePointer<Float>, result: UnsafeMutablePointer<Float>, into out: UnsafeMutablePointer<Float>
    ) {
        let radius = kernel / 2
        kernels.frame(planes, scale: scale, shift: shift, radius: radius, into: frame)
        kernels.convolve(framed: frame, weights: weights, kernel: kernel, into: result)
        if alpha < 1 { kernels.mix(framed: frame, radius: radius, alpha: alpha, into: result) }
        guard keepsStatistics else {
            return kernels.interleave(result, scale: [1, 1, 1], shift: [0, 0, 0], into: out)
        }
        let (before, after) = (kernels.moments(planes), kernels.moments(result))
        var gain = scale
        var offset = shift
        for channel in 0..<3 {
            let (spread, mean) = (before.deviation[channel] * scale[channel], before.mean[channel] * scale[channel])
            gain[channel] = after.deviation[channel] > Self.flat ? spread / after.deviation[channel] : 0
            offset[channel] += mean - after.mean[channel] * gain[channel]
        }
        kernels.interleave(result, scale: gain, shift: offset, into: out)
    }

    /// A spread that is none: what is left of a picture of one colour cannot be stretched.
    private static let flat: Float = 1e-6
}

extension TextureParameters.Convolution {
    /// The weights, [input][row][column][output]: normal with variance 1 / (inputs * kernel^2), RandConv's.
    func fillWeights(
        _ weights: UnsafeMutablePointer<Float>, channels: AugmentationSettings.TextureChannels
    ) {
        var stream = RandomStream(seed: seed)
        let taps = kernel * kernel
        switch channels {
        case .mixed:
            let deviation = 1 / Double(3 * taps).squareRoot()
            for index in 0..<9 * taps { weights[index] = Float(stream.normal() * deviation) }
        case .same:
            let deviation = 1 / Double(taps).squareRoot()
            weights.update(repeating: 0, count: 9 * taps)
            for tap in 0..<taps {
                let weight = Float(stream.normal() * deviation)
                for channel in 0..<3 { weights[3 * (channel * taps + tap) + channel] = weight }
            }
        }
    }
}
