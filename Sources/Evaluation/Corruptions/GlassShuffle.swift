// SPDX-License-Identifier: Apache-2.0

internal import ContrastiveTraining
package import ImageDecoding

/// Pixels that take the colour of one nearby.
///
/// The reference means to swap two pixels, but its arrays are views: the first is overwritten before it is read, so that
/// one colour is copied. Copied it is here, from the last row and column to the first, as there.
package struct GlassShuffle: Sendable {
    private let width: Int
    private let height: Int
    private var pixels: [UInt8]
    private let reach: Int
    private let share: Double

    /// Takes the planes as bytes, fractions cut off as in the reference.
    ///
    /// The throw is a whole number of pixels; for a scaled `reach` the next larger one is used, and only the part
    /// reach / throw of the pixels is thrown, so that pixels move as far on average as they should.
    package init(_ planes: Planes, reach: Double) {
        width = planes.width
        height = planes.height
        self.reach = max(1, Int(reach.rounded(.up)))
        share = reach / Double(self.reach)
        var bytes = [UInt8](repeating: 0, count: 3 * planes.width * planes.height)
        for (channel, plane) in [planes.red, planes.green, planes.blue].enumerated() {
            for (pixel, value) in plane.values.enumerated() {
                // A thousandth makes up for rounding where a whole number was meant.
                bytes[3 * pixel + channel] = UInt8(min(255, max(0, value * 255 + 0.001)))
            }
        }
        pixels = bytes
    }

    /// The picture as it stands.
    package var image: RGBImage { RGBImage(width: width, height: height, pixels: pixels) }

    /// One round, with throws of -reach ..< reach.
    mutating func shuffle(_ stream: inout RandomStream) {
        var draws = stream
        let (reach, share) = (reach, share)
        shuffle {
            guard share == 1 || draws.chance(share) else { return (0, 0) }
            let across = draws.index(below: 2 * reach) - reach
            return (across, draws.index(below: 2 * reach) - reach)
        }
        stream = draws
    }

    /// One round over the pixels that have `reach` others on every side, by throws that `draw` makes: across, down.
    package mutating func shuffle(_ draw: () -> (Int, Int)) {
        guard height > 2 * reach, width > 2 * reach else { return }
        for y in stride(from: height - reach, to: reach, by: -1) {
            for x in stride(from: width - reach, to: reach, by: -1) {
                let (across, down) = draw()
                let (target, source) = (3 * (y * width + x), 3 * ((y + down) * width + x + across))
                for channel in 0..<3 { pixels[target + channel] = pixels[source + channel] }
            }
        }
    }
}
