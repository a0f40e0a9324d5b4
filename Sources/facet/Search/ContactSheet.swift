// SPDX-License-Identifier: Apache-2.0

internal import ImageDecoding
internal import Preprocessing

/// Small pictures in rows on one white picture; a missing one leaves its place grey.
package struct ContactSheet {
    package let width: Int
    package let height: Int
    /// Red, green and blue of each pixel, row by row.
    package private(set) var pixels: [UInt8]
    private let side: Int
    private static let gap = 4

    /// Rows of pictures, each within a square of `side` pixels; the longest row decides the width.
    init(_ rows: [[RGBImage?]], side: Int) {
        let columns = max(1, rows.map(\.count).max() ?? 1)
        self.side = side
        width = columns * (side + Self.gap) + Self.gap
        height = max(1, rows.count) * (side + Self.gap) + Self.gap
        pixels = [UInt8](repeating: 255, count: width * height * 3)
        for (y, row) in rows.enumerated() {
            for (x, picture) in row.enumerated() {
                let (left, top) = (Self.gap + x * (side + Self.gap), Self.gap + y * (side + Self.gap))
                if let picture { draw(picture, left, top) } else { fill(left, top) }
            }
        }
    }

    /// A picture that is there already; `pixels` holds `3 * width * height` bytes.
    package init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(
            width > 0 && height > 0 && pixels.count == 3 * width * height, "\(pixels.count) for \(width) x \(height)")
        (self.width, self.height, self.pixels, side) = (width, height, pixels, 0)
    }

    private mutating func draw(_ picture: RGBImage, _ left: Int, _ top: Int) {
        let small = picture.reduced(shorter: side, longer: side)
        let (x, y) = (left + (side - small.width) / 2, top + (side - small.height) / 2)
        for row in 0..<small.height {
            let (from, to) = (row * small.width * 3, ((y + row) * width + x) * 3)
            for byte in 0..<small.width * 3 { pixels[to + byte] = small.pixels[from + byte] }
        }
    }

    private mutating func fill(_ left: Int, _ top: Int) {
        for row in top..<top + side {
            for byte in (row * width + left) * 3..<(row * width + left + side) * 3 { pixels[byte] = 224 }
        }
    }
}
