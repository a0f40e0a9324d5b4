// SPDX-License-Identifier: Apache-2.0
//
// Untrusted bytes in, upright opaque RGB out, within limits. Nothing here traps on input; every refusal is an
// ImageDecodingError. A decoder is a value without state: use it from any thread, but not on the cooperative pool,
// since decoding takes milliseconds to seconds of processor time.

/// Reads PNG, JPEG and WebP.
///
///     let image = try ImageDecoder().decode(bytes)
///
/// EXIF's orientation is applied; alpha is composited on white; 16-bit samples take their high byte; palette, gray
/// and CMYK become RGB; of an animation the first picture is read. Colour profiles and gamma are not applied.
package struct ImageDecoder: Sendable {
    package let limits: ImageLimits

    package init(limits: ImageLimits = ImageLimits()) {
        self.limits = limits
    }

    /// Reads the format, size and orientation and checks all limits; microseconds, no pixel memory.
    package func header(of bytes: UnsafeRawBufferPointer) throws(ImageDecodingError) -> ImageHeader {
        try limits.check(byteCount: bytes.count)
        let view = ByteView(bytes: bytes)
        let header =
            switch try ImageFormat.detect(view) {
            case .png: try PNGFile(view).header(limits)
            case .jpeg: try JPEGFile(view).header(limits)
            case .webp: try WebPFile(view).header(limits)
            }
        return header
    }

    /// Reads the format, size and orientation and checks all limits; microseconds, no pixel memory.
    package func header(of bytes: [UInt8]) throws(ImageDecodingError) -> ImageHeader {
        try withBytes(bytes) { (raw) throws(ImageDecodingError) in try header(of: raw) }
    }

    /// Decodes the image; a JPEG may come scaled down by eighths, but not below `minimum`.
    package func decode(
        _ bytes: [UInt8], atLeast minimum: MinimumSize? = nil
    ) throws(ImageDecodingError) -> RGBImage {
        try withBytes(bytes) { (raw) throws(ImageDecodingError) in try decode(raw, atLeast: minimum) }
    }

    /// Decodes the image; a JPEG may come scaled down by eighths, but not below `minimum`.
    package func decode(
        _ bytes: UnsafeRawBufferPointer, atLeast minimum: MinimumSize? = nil
    ) throws(ImageDecodingError) -> RGBImage {
        let header = try header(of: bytes)
        let view = ByteView(bytes: bytes)
        switch header.format {
        case .png: return try PNGFile(view).decode(header)
        case .jpeg: return try JPEGFile(view).decode(header, atLeast: minimum)
        case .webp: return try WebPFile(view).decode(header)
        }
    }

    private func withBytes<Result>(
        _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(ImageDecodingError) -> Result
    ) throws(ImageDecodingError) -> Result {
        try bytes.withUnsafeBufferPointer { (buffer) throws(ImageDecodingError) in
            try body(UnsafeRawBufferPointer(buffer))
        }
    }
}
