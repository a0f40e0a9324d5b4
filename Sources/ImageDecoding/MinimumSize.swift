// SPDX-License-Identifier: Apache-2.0

/// The least size at which a decoder may deliver an image, so that it may skip detail nobody will see.
///
/// Only JPEG makes use of it, by inverse transforms of fewer than 8 x 8 points. Ask for at least twice the size
/// the image is resized to: the antialiased resize then hides the difference (0.2 to 0.4 grey levels on average).
package struct MinimumSize: Sendable, Hashable {
    /// The side that is measured.
    package enum Side: Sendable, Hashable {
        case shorter, longer
    }

    package let side: Side
    package let pixels: Int

    package static func shorterSide(_ pixels: Int) -> MinimumSize { MinimumSize(side: .shorter, pixels: pixels) }
    package static func longerSide(_ pixels: Int) -> MinimumSize { MinimumSize(side: .longer, pixels: pixels) }

    /// The scale in eighths for a file of this size: the smallest that keeps `pixels`, 8 if none does.
    func eighths(width: Int, height: Int) -> Int {
        let measured = side == .shorter ? min(width, height) : max(width, height)
        return Self.scales.first { measured * $0 / 8 >= pixels } ?? 8
    }

    /// The scales for which libjpeg-turbo has fast transforms.
    static let scales = [1, 2, 4]
}
