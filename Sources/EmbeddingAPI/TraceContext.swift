// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer

/// The part of a `traceparent` header that is carried into the log (W3C Trace Context, section 3.2).
struct TraceContext: Sendable, Equatable {
    /// 32 lower-case hexadecimal digits, not all zero.
    let trace: String
    /// The caller's span: 16 digits, not all zero.
    let parent: String

    /// Nil when the header is missing, sent twice or malformed, for then a new trace begins (section 4.3).
    init?(_ headers: HTTPHeaders) {
        let values = headers.all("traceparent")
        guard values.count == 1 else { return nil }
        self.init(values[0])
    }

    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].count == 2, parts[1].count == 32, parts[2].count == 16, parts[3].count == 2
        else { return nil }
        let version = String(decoding: parts[0], as: UTF8.self)
        // Later versions may append fields; version 0 has exactly four, and ff is forbidden.
        guard version != "ff", version != "00" || parts.count == 4, parts[0...3].allSatisfy(Self.isHex) else {
            return nil
        }
        guard Self.isSet(parts[1]), Self.isSet(parts[2]) else { return nil }
        trace = String(decoding: parts[1], as: UTF8.self)
        parent = String(decoding: parts[2], as: UTF8.self)
    }

    private static func isHex(_ digits: Substring.UTF8View) -> Bool {
        digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    private static func isSet(_ digits: Substring.UTF8View) -> Bool {
        digits.contains { $0 != UInt8(ascii: "0") }
    }
}
