// SPDX-License-Identifier: Apache-2.0
//
// The pixel work of augmentation. A picture is three planes (red, green, blue), each of `size` rows of `size` floats,
// planes `planeStride` floats apart; functions may overwrite the surplus behind each plane. Values of 0 to 1 unless a
// function says otherwise. Buffers must not overlap; every function may run on any thread.

internal import CKernels

/// Picture operations for square planes of one size, on one instruction set.
package struct ImageKernels: Sendable {
    /// Side of the planes in pixels.
    package let size: Int
    let isa: facet_isa

    package init(size: Int, instructions: InstructionSet = .best) {
        precondition(size > 0, "planes of \(size) pixels")
        self.size = size
        isa = instructions.code
    }

    /// Floats from one plane to the next; three times that is the room of a picture.
    package var planeStride: Int { facet_plane_stride(size) }

    /// Floats that ``frame(_:scale:shift:radius:into:)`` writes.
    package func frameCount(radius: Int) -> Int { 3 * (size + 2 * radius) * facet_frame_stride(size, radius) }
}

extension ImageKernels {
    /// The largest kernel of ``convolve(framed:weights:kernel:into:)``, and the most taps beside the centre of a blur.
    package static let largestKernel = Int(FACET_MAX_PLANE_KERNEL)
    package static let largestRadius = Int(FACET_MAX_BLUR_RADIUS)

    /// One of the four operations of torchvision's `ColorJitter`, in place.
    package enum ColorOperation: String, Sendable, Codable, CaseIterable {
        case brightness, contrast, saturation, hue
    }

    /// torchvision's `adjust_brightness`, `adjust_contrast`, `adjust_saturation` or `adjust_hue`, in place.
    ///
    /// `amount` is the factor; for the hue a fraction of the colour circle.
    package func adjust(_ operation: ColorOperation, _ amount: Float, _ planes: UnsafeMutablePointer<Float>) {
        switch operation {
        case .brightness: facet_brightness(isa, planes, size, amount)
        case .contrast: facet_contrast(isa, planes, size, amount)
        case .saturation: facet_saturation(isa, planes, size, amount)
        case .hue: facet_hue(isa, planes, size, amount)
        }
    }

    /// torchvision's `rgb_to_grayscale` with three equal channels, in place.
    package func grayscale(_ planes: UnsafeMutablePointer<Float>) {
        facet_grayscale(isa, planes, size)
    }

    /// A separable filter with reflected edges, in place; `taps` are 2 * radius + 1, with radius below ``size``.
    ///
    /// `scratch` has room for one plane.
    package func blur(
        _ planes: UnsafeMutablePointer<Float>, taps: UnsafeBufferPointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let radius = taps.count / 2
        precondition(
            taps.count % 2 == 1 && radius < size && radius <= Self.largestRadius,
            "\(taps.count) taps on \(size) pixels")
        facet_blur(isa, planes, size, taps.baseAddress, radius, scratch)
    }

    /// `planes` * scale + shift by channel, with `radius` zeros around it: ``frameCount(radius:)`` floats.
    package func frame(
        _ planes: UnsafePointer<Float>, scale: [Float], shift: [Float], radius: Int,
        into framed: UnsafeMutablePointer<Float>
    ) {
        precondition(scale.count == 3 && shift.count == 3, "\(scale.count) scales, \(shift.count) shifts")
        facet_frame(isa, planes, size, scale, shift, radius, framed)
    }

    /// Correlation of planes framed with kernel / 2 zeros with weights [input][row][column][output].
    package func convolve(
        framed: UnsafePointer<Float>, weights: UnsafePointer<Float>, kernel: Int, into out: UnsafeMutablePointer<Float>
    ) {
        precondition(kernel % 2 == 1 && kernel <= Self.largestKernel, "a kernel of \(kernel)")
        facet_convolve_planes(isa, framed, size, weights, kernel, out)
    }

    /// out = alpha * out + (1 - alpha) * (inside of `framed`).
    package func mix(
        framed: UnsafePointer<Float>, radius: Int, alpha: Float, into out: UnsafeMutablePointer<Float>
    ) {
        facet_mix(isa, framed, size, radius, alpha, out)
    }

    /// Mean and population standard deviation of each plane.
    package func moments(_ planes: UnsafePointer<Float>) -> (mean: [Float], deviation: [Float]) {
        var mean: [Float] = [0, 0, 0]
        var deviation = mean
        facet_plane_moments(isa, planes, size, &mean, &deviation)
        return (mean, deviation)
    }

    /// Writes `size * size` pixels of three floats: `planes` * scale + shift by channel.
    package func interleave(
        _ planes: UnsafePointer<Float>, scale: [Float], shift: [Float], into out: UnsafeMutablePointer<Float>
    ) {
        precondition(scale.count == 3 && shift.count == 3, "\(scale.count) scales, \(shift.count) shifts")
        facet_interleave(isa, planes, size, scale, shift, out)
    }
}
