// SPDX-License-Identifier: Apache-2.0

/// A request target taken apart (RFC 9112 section 3.2): origin form, absolute form, or `*` with OPTIONS.
struct RequestTarget {
    private(set) var path = ""
    private(set) var segments: [String] = []
    private(set) var query: [(name: String, value: String)] = []

    /// Reads `bytes`, which are visible ASCII without `#`.
    init(_ bytes: UnsafeRawBufferPointer, method: HTTPMethod) throws(HTTPProtocolError) {
        if method.name == "CONNECT" { throw .unsupportedMethod }
        if bytes.count == 1, bytes[0] == UInt8(ascii: "*"), method == .options {
            path = "*"
            return
        }
        let origin = bytes.first == ASCII.slash ? bytes : try Self.origin(ofAbsolute: bytes)
        let mark = ASCII.find(ASCII.question, in: origin, from: 0) ?? origin.count
        try readPath(UnsafeRawBufferPointer(rebasing: origin[..<mark]))
        if mark < origin.count { try readQuery(UnsafeRawBufferPointer(rebasing: origin[(mark + 1)...])) }
    }

    /// The path and query behind `http://authority`; empty paths count as `/` through ``readPath``.
    private static func origin(
        ofAbsolute bytes: UnsafeRawBufferPointer
    ) throws(HTTPProtocolError) -> UnsafeRawBufferPointer {
        let text = bytes.map(ASCII.lowercased)
        let schemes = ["http://", "https://"].map { Array($0.utf8) }
        guard let scheme = schemes.first(where: text.starts) else { throw .malformedTarget }
        let end = text[scheme.count...].firstIndex { $0 == ASCII.slash || $0 == ASCII.question } ?? text.count
        let authority = text[scheme.count..<end]
        guard !authority.isEmpty, MessageFraming.isAuthority(authority) else { throw .malformedTarget }
        return UnsafeRawBufferPointer(rebasing: bytes[end...])
    }

    /// Cuts at every `/` before decoding, so that an escaped slash stays within its segment.
    private mutating func readPath(_ raw: UnsafeRawBufferPointer) throws(HTTPProtocolError) {
        guard let decoded = PercentCoding.decode(raw) else { throw .malformedTarget }
        path = decoded.isEmpty ? "/" : decoded
        var start = 1
        guard raw.count > 1 else { return }
        segments.reserveCapacity(4)
        while true {
            let end = ASCII.find(ASCII.slash, in: raw, from: start) ?? raw.count
            guard let segment = PercentCoding.decode(UnsafeRawBufferPointer(rebasing: raw[start..<end])) else {
                throw .malformedTarget
            }
            segments.append(segment)
            if end == raw.count { return }
            start = end + 1
        }
    }

    /// `name=value` pairs between `&`; a name alone has an empty value, and empty pairs are skipped.
    private mutating func readQuery(_ raw: UnsafeRawBufferPointer) throws(HTTPProtocolError) {
        var start = 0
        while start < raw.count {
            let end = ASCII.find(ASCII.ampersand, in: raw, from: start) ?? raw.count
            let pair = UnsafeRawBufferPointer(rebasing: raw[start..<end])
            start = end + 1
            if pair.isEmpty { continue }
            let mark = ASCII.find(ASCII.equals, in: pair, from: 0) ?? pair.count
            let tail = UnsafeRawBufferPointer(rebasing: pair[min(mark + 1, pair.count)...])
            guard let name = PercentCoding.decode(UnsafeRawBufferPointer(rebasing: pair[..<mark]), plusIsSpace: true),
                let value = PercentCoding.decode(tail, plusIsSpace: true)
            else { throw .malformedTarget }
            query.append((name, value))
        }
    }
}
