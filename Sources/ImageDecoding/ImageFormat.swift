// SPDX-License-Identifier: Apache-2.0

/// The file formats that are read.
package enum ImageFormat: String, Hashable, Sendable, CaseIterable {
    case png, jpeg, webp

    /// The name to show to people.
    package var name: String {
        switch self {
        case .png: "PNG"
        case .jpeg: "JPEG"
        case .webp: "WebP"
        }
    }

    /// Recognises the format by its first bytes; a file name or media type is never consulted.
    static func detect(_ bytes: ByteView) throws(ImageDecodingError) -> ImageFormat {
        if bytes.has("\u{89}PNG", at: 0) { return .png }
        if bytes.has("\u{FF}\u{D8}\u{FF}", at: 0) { return .jpeg }
        if bytes.has("RIFF", at: 0), bytes.has("WEBP", at: 8) { return .webp }
        throw .unsupportedFormat(recognised: signatures.first { bytes.has($0.magic, at: $0.offset) }?.name)
    }

    /// Formats that people upload and that are refused by name; characters stand for single bytes.
    private static let signatures: [(name: String, offset: Int, magic: String)] = [
        ("GIF", 0, "GIF8"), ("BMP", 0, "BM"), ("TIFF", 0, "II*\u{0}"), ("TIFF", 0, "MM\u{0}*"),
        ("AVIF", 4, "ftypavi"), ("HEIC", 4, "ftyphe"), ("HEIC", 4, "ftypmif1"), ("HEIC", 4, "ftypmsf1"),
        ("PDF", 0, "%PDF"), ("SVG", 0, "<svg"), ("SVG or another XML file", 0, "<?xml"),
        ("Photoshop", 0, "8BPS"), ("an icon file", 0, "\u{0}\u{0}\u{1}\u{0}"),
        ("JPEG XL", 0, "\u{FF}\u{A}"), ("JPEG XL", 4, "JXL "), ("JPEG 2000", 4, "jP  "),
    ]
}
