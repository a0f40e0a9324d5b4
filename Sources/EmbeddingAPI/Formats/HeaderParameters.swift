// SPDX-License-Identifier: Apache-2.0

/// A header field of the form `value; name=text; name="text"` (RFC 9110, section 5.6.6).
struct HeaderParameters {
    /// What precedes the first semicolon, in lower case.
    let value: String
    private let pairs: [(name: String, value: String)]

    init(_ field: String) {
        let parts = field.split(outsideQuotesAt: UInt8(ascii: ";"))
        value = parts[0].trimmingSpaces().lowercased()
        pairs = parts.dropFirst().compactMap { part in
            guard let equals = part.firstIndex(of: "=") else { return nil }
            let name = part[..<equals].trimmingSpaces().lowercased()
            return (name, Self.unquoted(part[part.index(after: equals)...].trimmingSpaces()))
        }
    }

    /// The values of the parameters of that name, given in lower case; more than one is for the caller to refuse.
    func values(_ name: String) -> [String] {
        pairs.filter { $0.name == name }.map(\.value)
    }

    /// The text without its quotes.
    ///
    /// A backslash escapes a quote or a backslash only: browsers send others as they are.
    private static func unquoted(_ text: String) -> String {
        let bytes = Array(text.utf8)
        guard bytes.count >= 2, bytes.first == UInt8(ascii: "\""), bytes.last == UInt8(ascii: "\"") else { return text }
        var out: [UInt8] = []
        var isEscaped = false
        for (index, byte) in bytes.enumerated().dropFirst().dropLast() {
            let next = bytes[index + 1]
            if !isEscaped, byte == UInt8(ascii: "\\"), next == UInt8(ascii: "\\") || next == UInt8(ascii: "\"") {
                isEscaped = true
                continue
            }
            isEscaped = false
            out.append(byte)
        }
        return String(decoding: out, as: UTF8.self)
    }
}

extension String {
    /// Cuts at each `separator` that is not within double quotes; there is always a first piece.
    func split(outsideQuotesAt separator: UInt8) -> [String] {
        var parts: [String] = []
        var part: [UInt8] = []
        var isQuoted = false
        var isEscaped = false
        for byte in utf8 {
            if byte == separator, !isQuoted {
                parts.append(String(decoding: part, as: UTF8.self))
                part.removeAll(keepingCapacity: true)
                continue
            }
            if byte == UInt8(ascii: "\""), !isEscaped { isQuoted.toggle() }
            isEscaped = isQuoted && byte == UInt8(ascii: "\\") && !isEscaped
            part.append(byte)
        }
        return parts + [String(decoding: part, as: UTF8.self)]
    }
}
