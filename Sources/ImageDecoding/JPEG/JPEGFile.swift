// SPDX-License-Identifier: Apache-2.0

internal import CJPEG

/// A JPEG file (ITU-T T.81) in memory.
struct JPEGFile {
    let bytes: ByteView

    init(_ bytes: ByteView) {
        self.bytes = bytes
    }

    /// Reads the markers up to the first scan with libjpeg itself, so that no other parser can disagree on the size.
    func header(_ limits: ImageLimits) throws(ImageDecodingError) -> ImageHeader {
        try withReader { (_, layout) throws(ImageDecodingError) in
            try limits.check(width: Int(layout.width), height: Int(layout.height))
            return ImageHeader(
                format: .jpeg, storedWidth: Int(layout.width), storedHeight: Int(layout.height),
                orientation: orientation)
        }
    }

    /// Opens the codec for the duration of `body`.
    func withReader<Result>(
        _ body: (OpaquePointer, cjpeg_layout) throws(ImageDecodingError) -> Result
    ) throws(ImageDecodingError) -> Result {
        var reader: OpaquePointer?
        var layout = cjpeg_layout()
        let status = cjpeg_open(bytes.bytes.baseAddress, bytes.count, &reader, &layout)
        if status == CJPEG_TOO_LARGE {
            let isWide = layout.width >= layout.height
            throw .tooLarge(
                isWide ? .width : .height, limit: Self.largestSide, found: Int(max(layout.width, layout.height)))
        }
        try check(status, .header)
        guard let reader else { throw .corrupt(.jpeg, .header) }
        defer { cjpeg_close(reader) }
        return try body(reader, layout)
    }

    func check(_ status: cjpeg_status, _ stage: ImageDecodingError.Reason) throws(ImageDecodingError) {
        switch status {
        case CJPEG_OK: return
        case CJPEG_TRUNCATED: throw .truncated(.jpeg)
        case CJPEG_UNSUPPORTED: throw .unsupportedVariant(.jpeg)
        case CJPEG_MEMORY: throw .corrupt(.jpeg, .memory)
        case CJPEG_SCANS: throw .corrupt(.jpeg, .scans)
        default: throw .corrupt(.jpeg, stage)
        }
    }

    /// libjpeg's own bound on a side (its JPEG_MAX_DIMENSION).
    static let largestSide = 65_500

    /// From the first APP1 segment that holds EXIF, before the first scan.
    private var orientation: Orientation {
        var position = 2
        while bytes[position] == 0xFF, let marker = bytes[position + 1] {
            if marker == 0xFF {
                position += 1
                continue
            }
            guard marker != 0xDA, marker != 0xD9, let length = bytes.big16(at: position + 2), length >= 2 else { break }
            if marker == 0xE1, bytes.has("Exif\u{0}\u{0}", at: position + 4) {
                return Orientation(exif: bytes.slice(at: position + 4, count: length - 2))
            }
            position += 2 + length
        }
        return .upright
    }
}
