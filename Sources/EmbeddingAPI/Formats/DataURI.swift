// SPDX-License-Identifier: Apache-2.0

/// Why a text holds no image; the sentences are for the caller and quote nothing.
package enum DataURIError: String, Error, Sendable, CaseIterable, CustomStringConvertible {
    case notBase64 = "This is neither base64 nor a base64 data URI."
    case noComma = "The data URI has no comma before its data."
    case notBase64Coded = "The data URI does not say ';base64' before its comma."
    case notAnImage = "The data URI's media type is not that of an image."
    case invalidData = "What follows the data URI's comma is not base64."

    package var description: String { rawValue }
}

/// An image inside a text: a base64 `data:` URI (RFC 2397), or plain base64.
///
///     try DataURI.imageBytes("data:image/png;base64,iVBORw0K")
package enum DataURI {
    /// The image's bytes.
    ///
    /// Scheme, media type and `;base64` are read in any case. A media type is optional and must be `image/*` or `application/octet-stream`. Beyond that it is not trusted: what
    /// the bytes are decides. Percent-encoding is not read; base64 needs none in a URI.
    package static func imageBytes(_ text: UnsafeBufferPointer<UInt8>) throws(DataURIError) -> [UInt8] {
        let scheme = "data:".utf8
        guard hasPrefix(scheme, text) else {
            guard let bytes = Base64.decode(text) else { throw .notBase64 }
            return bytes
        }
        guard let comma = text.prefix(longestHead).firstIndex(of: UInt8(ascii: ",")) else { throw .noComma }
        let head = String(decoding: text[scheme.count..<comma], as: UTF8.self).lowercased()
        let fields = head.split(separator: ";", omittingEmptySubsequences: false).map { $0.trimmingSpaces() }
        guard fields.count > 1, fields.last == "base64" else { throw .notBase64Coded }
        let type = fields[0]
        guard type.isEmpty || type.hasPrefix("image/") || type == "application/octet-stream" else { throw .notAnImage }
        guard let bytes = Base64.decode(UnsafeBufferPointer(rebasing: text[(comma + 1)...])) else {
            throw .invalidData
        }
        return bytes
    }

    /// Bytes within which a data URI's comma must come.
    private static let longestHead = 1024

    private static func hasPrefix(_ prefix: some Collection<UInt8>, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        text.count >= prefix.count && zip(prefix, text).allSatisfy { $0 == ($1 >= 0x41 && $1 <= 0x5A ? $1 | 0x20 : $1) }
    }
}
