// SPDX-License-Identifier: Apache-2.0

/// How large an uploaded image may be; all are checked before any pixel is decoded.
///
/// A photo of a current 50-megapixel camera (8192 x 6144) passes; a bomb of a few kilobytes that unpacks to
/// gigabytes does not. Memory while decoding is 3 bytes a pixel for the picture, 4 more for an interlaced PNG or a
/// WebP that has alpha or must be turned, and up to 8 inside libjpeg for a progressive file.
package struct ImageLimits: Sendable, Hashable {
    /// Bytes of the file; default 20 MiB.
    package var bytes: Int
    /// Pixels of a row as stored in the file, before its orientation is applied; default 16,384.
    package var width: Int
    /// Rows as stored in the file, before its orientation is applied; default 16,384.
    package var height: Int
    /// Width times height; default 64 million.
    package var pixels: Int

    package init(bytes: Int = 20 << 20, width: Int = 16_384, height: Int = 16_384, pixels: Int = 64_000_000) {
        self.bytes = bytes
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    func check(byteCount: Int) throws(ImageDecodingError) {
        guard byteCount > 0 else { throw .empty }
        guard byteCount <= bytes else { throw .tooManyBytes(limit: bytes, found: byteCount) }
    }

    /// `width` and `height` are at most 32-bit numbers, so their product cannot overflow.
    func check(width foundWidth: Int, height foundHeight: Int) throws(ImageDecodingError) {
        guard foundWidth <= width else { throw .tooLarge(.width, limit: width, found: foundWidth) }
        guard foundHeight <= height else { throw .tooLarge(.height, limit: height, found: foundHeight) }
        let found = foundWidth.multipliedReportingOverflow(by: foundHeight)
        guard !found.overflow, found.partialValue <= pixels else {
            throw .tooLarge(.pixels, limit: pixels, found: found.overflow ? .max : found.partialValue)
        }
    }
}
