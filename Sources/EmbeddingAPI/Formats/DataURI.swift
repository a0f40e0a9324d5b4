// SPDX-License-Identifier: Apache-2.0

/// An image inside a text: a `data:` URI (RFC 2397) or plain base64.
enum DataURI {
    /// The image's bytes; nil when the text is neither.
    ///
    /// The media type, if any, is not trusted: what the bytes are decides.
    static func imageBytes(_ text: String) -> [UInt8]? {
        guard text.utf8.count >= 5, text.prefix(5).lowercased() == "data:" else { return Base64.decode(text) }
        guard let comma = text.firstIndex(of: ","), text[..<comma].lowercased().hasSuffix(";base64") else { return nil }
        return Base64.decode(text[text.index(after: comma)...])
    }
}
