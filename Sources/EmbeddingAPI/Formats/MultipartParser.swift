// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// One part of a multipart/form-data body; `body` is a range of the whole, nothing is copied.
struct MultipartPart: Sendable, Equatable {
    let name: String
    let filename: String?
    let contentType: String?
    let body: Range<Int>
}

/// Why a multipart body cannot be read.
enum MultipartError: String, Error, Sendable, CustomStringConvertible {
    case noBoundary = "The Content-Type has no boundary of 1 to 70 characters."
    case noParts = "The boundary of the Content-Type does not occur in the body."
    case unterminated = "The last part is not ended by the closing boundary."
    case malformedPart = "A part's header lines are malformed."
    case partHeadTooLong = "A part's header lines are longer than 8192 bytes."
    case tooManyParts = "There are more than 1024 parts."
    case noName = "A part has no Content-Disposition: form-data with a name."

    var description: String { rawValue }
}

/// Takes a whole multipart/form-data body (RFC 7578, RFC 2046 section 5.1) apart.
///
/// Takes time in proportion to the body's length.
struct MultipartParser: Sendable {
    private let boundary: [UInt8]

    private static let mostParts = 1024
    private static let longestHead = 8192

    /// Takes the boundary from the request's Content-Type.
    init(contentType: String) throws(MultipartError) {
        let fields = contentType.split(separator: ";").dropFirst().map { $0.trimmingSpaces() }
        guard let field = fields.first(where: { $0.lowercased().hasPrefix("boundary=") }) else { throw .noBoundary }
        var value = field.dropFirst("boundary=".count)
        if value.hasPrefix("\""), value.hasSuffix("\""), value.count >= 2 { value = value.dropFirst().dropLast() }
        let isPlain = value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F || $0 == 0x20 }
        guard (1...70).contains(value.utf8.count), isPlain, !value.hasSuffix(" ") else { throw .noBoundary }
        boundary = Array("--\(value)".utf8)
    }

    /// The parts in order; what stands before the first and after the last boundary is skipped.
    func parse(_ body: [UInt8]) throws(MultipartError) -> [MultipartPart] {
        guard var position = firstBoundary(body) else { throw .noParts }
        let separator = [0x0D, 0x0A] + boundary
        var parts: [MultipartPart] = []
        while true {
            if body[position...].starts(with: [0x2D, 0x2D]) { return parts }
            while position < body.count, body[position] == 0x20 || body[position] == 0x09 { position += 1 }
            guard body[position...].starts(with: [0x0D, 0x0A]) else { throw .malformedPart }
            position += 2
            guard parts.count < Self.mostParts else { throw .tooManyParts }
            let (head, start) = try self.head(body, from: position)
            // A part without content may share its CRLF with the separator.
            guard let end = Self.find(separator, in: body, from: max(position, start - 2)) else { throw .unterminated }
            parts.append(try part(head, Range(uncheckedBounds: (start, max(start, end)))))
            position = end + separator.count
        }
    }

    /// The byte after the first boundary, which begins the body or a line.
    private func firstBoundary(_ body: [UInt8]) -> Int? {
        if body.starts(with: boundary) { return boundary.count }
        let separator = [0x0D, 0x0A] + boundary
        return Self.find(separator, in: body, from: 0).map { $0 + separator.count }
    }

    /// A part's header lines and where its content begins.
    private func head(_ body: [UInt8], from start: Int) throws(MultipartError) -> (lines: [String], content: Int) {
        if body[start...].starts(with: [0x0D, 0x0A]) { return ([], start + 2) }
        guard let end = Self.find([0x0D, 0x0A, 0x0D, 0x0A], in: body, from: start) else { throw .malformedPart }
        guard end - start <= Self.longestHead else { throw .partHeadTooLong }
        guard let text = String(validating: body[start..<end], as: UTF8.self) else { throw .malformedPart }
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        let isClean = lines.allSatisfy { !$0.isEmpty && !$0.utf8.contains { $0 == 0x0A || $0 == 0x0D || $0 == 0 } }
        guard isClean else { throw .malformedPart }
        return (lines, end + 4)
    }

    private func part(_ lines: [String], _ content: Range<Int>) throws(MultipartError) -> MultipartPart {
        var name: String?
        var filename: String?
        var type: String?
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { throw .malformedPart }
            let value = line[line.index(after: colon)...].trimmingSpaces()
            switch line[..<colon].lowercased() {
            case "content-disposition":
                guard value.lowercased().hasPrefix("form-data") else { throw .noName }
                (name, filename) = (Self.parameter("name", of: value), Self.parameter("filename", of: value))
            case "content-type": type = value
            default: break
            }
        }
        guard let name else { throw .noName }
        return MultipartPart(name: name, filename: filename, contentType: type, body: content)
    }

    /// The value of `; name="value"`; browsers write `"` inside as `%22`, others as `\"`.
    private static func parameter(_ name: String, of header: String) -> String? {
        let text = Array(header.utf8)
        let pattern = Array(name.utf8) + [0x3D]
        var position = 0
        var quoted = false
        while position < text.count {
            if quoted, text[position] == 0x5C {
                position += 2
                continue
            }
            if text[position] == 0x22 { quoted.toggle() }
            if !quoted, text[position] == 0x3B {
                var start = position + 1
                while start < text.count, text[start] == 0x20 || text[start] == 0x09 { start += 1 }
                if text[start...].starts(with: pattern) { return value(text[(start + pattern.count)...]) }
            }
            position += 1
        }
        return nil
    }

    private static func value(_ text: ArraySlice<UInt8>) -> String {
        guard text.first == 0x22 else {
            return String(decoding: text.prefix { $0 != 0x3B }, as: UTF8.self).trimmingSpaces()
        }
        var out: [UInt8] = []
        var escaped = false
        for byte in text.dropFirst() {
            if !escaped, byte == 0x22 { break }
            if !escaped, byte == 0x5C {
                escaped = true
                continue
            }
            escaped = false
            out.append(byte)
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Where `pattern` next occurs; candidates are found by the C library's scan for its first byte.
    private static func find(_ pattern: [UInt8], in body: [UInt8], from start: Int) -> Int? {
        body.withUnsafeBytes { bytes -> Int? in
            guard let base = bytes.baseAddress else { return nil }
            var position = start
            while position + pattern.count <= bytes.count {
                let room = bytes.count - position - pattern.count + 1
                guard let found = memchr(base + position, Int32(pattern[0]), room) else { return nil }
                position = UnsafeRawPointer(found) - base
                if memcmp(base + position, pattern, pattern.count) == 0 { return position }
                position += 1
            }
            return nil
        }
    }
}
