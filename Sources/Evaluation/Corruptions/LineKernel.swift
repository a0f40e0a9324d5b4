// SPDX-License-Identifier: Apache-2.0

private import Foundation

/// The trace of a movement: pixels along a line that starts at the pixel itself and fades.
///
/// After the description of ImageMagick's motion blur: 2 * radius + 1 samples one pixel apart on a ray, each taken at the
/// nearest pixel, weighted by half a Gaussian and normalised. What differs: ImageMagick works in 16 bits and rounds the
/// result to 8 before it is used; we stay in Float. A fractional radius, which scaling brings about, is rounded up.
package struct LineKernel: Sendable {
    package let taps: [Plane.Tap]

    /// `degrees` turn clockwise from the right, since rows count downwards.
    package init(radius: Double, sigma: Double, degrees: Double) {
        let count = 2 * Int(radius.rounded(.up)) + 1
        let angle = degrees * .pi / 180
        let raw = (0..<count).map { exp(-Double($0 * $0) / (2 * sigma * sigma)) }
        let sum = raw.reduce(0, +)
        taps = raw.enumerated().map { step, weight in
            Plane.Tap(
                x: Self.nearest(Double(step) * cos(angle)), y: Self.nearest(Double(step) * sin(angle)),
                weight: Float(weight / sum))
        }
    }

    /// Halves go down.
    private static func nearest(_ place: Double) -> Int { Int((place - 0.5).rounded(.up)) }
}
