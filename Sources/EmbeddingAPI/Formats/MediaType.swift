// SPDX-License-Identifier: Apache-2.0

/// The forms an answer can have, and which of them an `Accept` header prefers (RFC 9110, section 12.5.1).
package enum MediaType: String, CaseIterable, Sendable {
    case json = "application/json"
    case octetStream = "application/octet-stream"
    case npy = "application/x-npy"

    /// The form with the highest quality; nil when none is acceptable.
    ///
    /// The most particular range decides about a form: `application/json;q=0` excludes it in spite of `*/*`. Among forms
    /// of equal quality the one that is named comes first, then JSON. No field at all accepts anything.
    package static func negotiate(_ fields: [String]) -> MediaType? {
        let ranges = fields.flatMap(AcceptedRange.list)
        guard !ranges.isEmpty else { return .json }
        var best: (type: MediaType, rank: (quality: Int, precision: Int))?
        for type in allCases {
            guard let range = ranges.filter({ $0.matches(type) }).max(by: { $0.precision < $1.precision }) else {
                continue
            }
            let rank = (range.quality, range.precision)
            if range.quality > 0, best == nil || rank > (best?.rank ?? rank) { best = (type, rank) }
        }
        return best?.type
    }
}

/// One range of an Accept header with its quality.
private struct AcceptedRange {
    let pattern: String
    /// 0 to 1000.
    let quality: Int

    /// The ranges of one field; a comma in a quoted parameter separates nothing.
    static func list(_ field: String) -> [AcceptedRange] {
        field.split(outsideQuotesAt: UInt8(ascii: ",")).compactMap(AcceptedRange.init)
    }

    /// Nil for an empty element, which lists may have.
    ///
    /// A range whose quality is malformed is taken for one that is not accepted.
    private init?(_ text: String) {
        let parts = text.split(outsideQuotesAt: UInt8(ascii: ";")).map { $0.trimmingSpaces().lowercased() }
        guard let first = parts.first, !first.isEmpty else { return nil }
        pattern = first
        let weight = parts.dropFirst().first { $0.hasPrefix("q=") }
        quality = weight.map { Self.thousandths($0.utf8.dropFirst(2)) ?? 0 } ?? 1000
    }

    /// 0 for anything, 1 for any type of application, 2 for a type by its name.
    var precision: Int { pattern == "*/*" ? 0 : pattern == "application/*" ? 1 : 2 }

    func matches(_ type: MediaType) -> Bool {
        precision < 2 || pattern == type.rawValue
    }

    /// A qvalue: `0` or `1` with at most three decimals, at most 1.
    private static func thousandths(_ text: Substring.UTF8View) -> Int? {
        let bytes = Array(text)
        guard (1...5).contains(bytes.count), bytes[0] == 0x30 || bytes[0] == 0x31 else { return nil }
        guard bytes.count == 1 || bytes[1] == UInt8(ascii: ".") else { return nil }
        var value = Int(bytes[0] - 0x30) * 1000
        var unit = 100
        for byte in bytes.dropFirst(2) {
            guard (0x30...0x39).contains(byte) else { return nil }
            value += Int(byte - 0x30) * unit
            unit /= 10
        }
        return value <= 1000 ? value : nil
    }
}

extension MediaType {
    /// The media type of an image by its first bytes; `application/octet-stream` for what is none that is read.
    static func ofImage(_ bytes: [UInt8]) -> String {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return "image/png" }
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
        if bytes.count > 12, bytes.starts(with: Array("RIFF".utf8)), bytes[8..<12].elementsEqual("WEBP".utf8) {
            return "image/webp"
        }
        return octetStream.rawValue
    }
}
