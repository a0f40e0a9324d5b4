// SPDX-License-Identifier: Apache-2.0

/// The chunks of a PNG file (W3C PNG, third edition) that concern its size and orientation.
struct PNGFile {
    let bytes: ByteView

    init(_ bytes: ByteView) {
        self.bytes = bytes
    }

    /// IHDR is always first, at a fixed place; its checksum is left to the codec.
    func header(_ limits: ImageLimits) throws(ImageDecodingError) -> ImageHeader {
        guard bytes.count >= 33 else { throw .truncated(.png) }
        guard bytes.has("\u{89}PNG\r\u{A}\u{1A}\u{A}", at: 0), bytes.has("IHDR", at: 12),
            let width = bytes.big32(at: 16), let height = bytes.big32(at: 20), width > 0, height > 0
        else { throw .corrupt(.png, .header) }
        try limits.check(width: width, height: height)
        return ImageHeader(format: .png, storedWidth: width, storedHeight: height, orientation: orientation)
    }

    /// From the eXIf chunk, which may also follow the pixels.
    private var orientation: Orientation {
        var position = 8
        while let length = bytes.big32(at: position), !bytes.has("IEND", at: position + 4) {
            if bytes.has("eXIf", at: position + 4) {
                return Orientation(exif: bytes.slice(at: position + 8, count: length))
            }
            position += 12 + length
        }
        return .upright
    }
}
