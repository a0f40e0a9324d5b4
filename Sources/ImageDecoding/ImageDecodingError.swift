// SPDX-License-Identifier: Apache-2.0

/// Why an image was refused; never carries anything of the payload but its sizes.
package enum ImageDecodingError: Error, Hashable, Sendable {
    /// There are no bytes at all.
    case empty
    /// Not PNG, JPEG or WebP; `recognised` is the format's name when it is one we know but do not read.
    case unsupportedFormat(recognised: String?)
    case tooManyBytes(limit: Int, found: Int)
    case tooLarge(Measure, limit: Int, found: Int)
    /// The bytes end before the image does.
    case truncated(ImageFormat)
    case corrupt(ImageFormat, Reason)
    /// A well-formed file of a kind that is not read.
    case unsupportedVariant(ImageFormat)

    /// What of an image is over its limit.
    package enum Measure: String, Hashable, Sendable {
        case width, height, pixels
    }

    /// Which part of a file cannot be read.
    package enum Reason: String, Hashable, Sendable {
        /// What precedes the pixels.
        case header
        /// The pixels: compressed data, structure or checksum.
        case pixels
        /// What follows the pixels.
        case trailer
        /// More progressive scans than a real photo has.
        case scans
        /// The codec would need more memory than an image of this size justifies.
        case memory
    }

    /// A stable word for programs, as listed in openapi.yaml.
    package var code: String {
        switch self {
        case .empty: "image_empty"
        case .unsupportedFormat: "image_format_unsupported"
        case .tooManyBytes: "image_too_many_bytes"
        case .tooLarge: "image_too_large"
        case .truncated: "image_truncated"
        case .corrupt: "image_corrupt"
        case .unsupportedVariant: "image_variant_unsupported"
        }
    }

    /// All values of ``code``.
    package static let codes = [
        "image_empty", "image_format_unsupported", "image_too_many_bytes", "image_too_large", "image_truncated",
        "image_corrupt", "image_variant_unsupported",
    ]
}

extension ImageDecodingError: CustomStringConvertible {
    /// One or two sentences: what is wrong, and what to do about it.
    package var description: String {
        switch self {
        case .empty:
            "The image is empty. Send the file's bytes."
        case .unsupportedFormat(let recognised):
            (recognised.map { "This is \($0), which is not read." } ?? "This is not an image that is read.")
                + " Send PNG, JPEG or WebP."
        case .tooManyBytes(let limit, let found):
            "The image has \(found) bytes; the limit is \(limit). Send it smaller or compressed more."
        case .tooLarge(let measure, let limit, let found):
            "The image's \(measure == .pixels ? "number of pixels" : measure.rawValue) is \(found); the limit is "
                + "\(limit). Send it scaled down."
        case .truncated(let format):
            "The \(format.name) file ends before its image does. Send it again, completely."
        case .corrupt(let format, let reason):
            "The \(format.name) file cannot be decoded (\(reason.rawValue)). Open it in an image editor and save it again."
        case .unsupportedVariant(.jpeg):
            "This kind of JPEG is not read (lossless, arithmetic or 12 bit). Save it as baseline or progressive JPEG."
        case .unsupportedVariant(let format):
            "This kind of \(format.name) is not read. Save it again with common settings."
        }
    }
}
