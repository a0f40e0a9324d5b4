// SPDX-License-Identifier: Apache-2.0

internal import CWebP

/// A WebP file (RFC 9649) in memory.
struct WebPFile {
    let bytes: ByteView

    /// Bytes after the RIFF container are ignored.
    init(_ bytes: ByteView) {
        let declared = bytes.little32(at: 4).map { $0 + 8 } ?? 0
        self.bytes = bytes.slice(at: 0, count: declared)
        isComplete = declared <= bytes.count
    }

    /// Whether the file has the length its container states.
    private let isComplete: Bool

    func header(_ limits: ImageLimits) throws(ImageDecodingError) -> ImageHeader {
        let features = try features()
        let (width, height) = (Int(features.width), Int(features.height))
        guard width > 0, height > 0 else { throw .corrupt(.webp, .header) }
        try limits.check(width: width, height: height)
        guard isComplete else { throw .truncated(.webp) }
        return ImageHeader(format: .webp, storedWidth: width, storedHeight: height, orientation: orientation)
    }

    /// Size, alpha and animation as the first chunk states them: of the canvas where there is one.
    func features() throws(ImageDecodingError) -> WebPBitstreamFeatures {
        var features = WebPBitstreamFeatures()
        let pointer = bytes.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        try check(WebPGetFeatures(pointer, bytes.count, &features), .header)
        return features
    }

    func check(_ status: VP8StatusCode, _ stage: ImageDecodingError.Reason) throws(ImageDecodingError) {
        switch status {
        case VP8_STATUS_OK: return
        case VP8_STATUS_NOT_ENOUGH_DATA, VP8_STATUS_SUSPENDED: throw .truncated(.webp)
        case VP8_STATUS_OUT_OF_MEMORY: throw .corrupt(.webp, .memory)
        case VP8_STATUS_UNSUPPORTED_FEATURE: throw .unsupportedVariant(.webp)
        default: throw .corrupt(.webp, stage)
        }
    }

    /// From the EXIF chunk, which only the extended format has.
    private var orientation: Orientation {
        guard bytes.has("VP8X", at: 12) else { return .upright }
        var position = 12
        while let length = bytes.little32(at: position + 4) {
            if bytes.has("EXIF", at: position) {
                return Orientation(exif: bytes.slice(at: position + 8, count: length))
            }
            position += 8 + length + length & 1
        }
        return .upright
    }
}
