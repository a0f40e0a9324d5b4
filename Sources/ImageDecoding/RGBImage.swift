// SPDX-License-Identifier: Apache-2.0

/// A decoded picture: upright, opaque, 8 bits a sample, in the colour values of the file (no profile applied).
package struct RGBImage: Sendable, Hashable {
    package let width: Int
    package let height: Int
    /// Red, green, blue of each pixel, row by row: `3 * width * height` bytes.
    package let pixels: [UInt8]
    /// The upright width of the file; larger than ``width`` when the decoder scaled down.
    package let sourceWidth: Int
    /// The upright height of the file; larger than ``height`` when the decoder scaled down.
    package let sourceHeight: Int
    /// Which part of 0 ..< width the picture covers: all of it, but for a first or last column that is partial because
    /// the decoder scaled down a width that is no multiple of the scale.
    package let columns: Range<Double>
    /// Which part of 0 ..< height the picture covers.
    package let rows: Range<Double>

    /// An image at its own size; `pixels.count` must be `3 * width * height`.
    package init(width: Int, height: Int, pixels: [UInt8]) {
        self.init(
            width: width, height: height, pixels: pixels, sourceWidth: width, sourceHeight: height,
            columns: 0..<Double(width), rows: 0..<Double(height))
    }

    init(
        width: Int, height: Int, pixels: [UInt8], sourceWidth: Int, sourceHeight: Int, columns: Range<Double>,
        rows: Range<Double>
    ) {
        precondition(width > 0 && height > 0, "an image of \(width) x \(height)")
        precondition(pixels.count == 3 * width * height, "\(pixels.count) bytes for \(width) x \(height) pixels")
        self.width = width
        self.height = height
        self.pixels = pixels
        self.sourceWidth = sourceWidth
        self.sourceHeight = sourceHeight
        self.columns = columns
        self.rows = rows
    }
}
