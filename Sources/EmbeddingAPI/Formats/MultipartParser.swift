// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Takes a whole multipart/form-data body (RFC 7578, RFC 2046 section 5.1) apart, in time linear in its length.
///
/// Strict where two programs could read a body differently: lines end in CRLF only, a boundary stands at the beginning
/// of a line and nothing but spaces follows it, every part has one name, no transfer encoding. What precedes the first
/// boundary and follows the last is skipped.
package struct MultipartParser: Sendable {
    /// CRLF, two dashes and the boundary.
    private let separator: [UInt8]
    private let limits: MultipartLimits

    /// Takes the boundary from the request's Content-Type.
    package init(contentType: String, limits: MultipartLimits = MultipartLimits()) throws(MultipartError) {
        let field = HeaderParameters(contentType)
        let values = field.values("boundary")
        guard field.value == "multipart/form-data", values.count == 1 else { throw .noBoundary }
        let boundary = values[0].utf8
        guard (1...70).contains(boundary.count), boundary.allSatisfy(Self.isBoundaryByte), boundary.last != 0x20 else {
            throw .noBoundary
        }
        separator = [0x0D, 0x0A, 0x2D, 0x2D] + boundary
        self.limits = limits
    }

    /// The parts in order.
    package func parse(_ body: [UInt8]) throws(MultipartError) -> [MultipartPart] {
        var parts: [MultipartPart] = []
        var position = try afterFirstBoundary(body)
        while !body[position...].starts(with: [0x2D, 0x2D]) {
            while position < body.count, body[position] == 0x20 || body[position] == 0x09 { position += 1 }
            guard body[position...].starts(with: [0x0D, 0x0A]) else { throw .malformedPart }
            guard parts.count < limits.parts else { throw .tooManyParts }
            let (part, end) = try part(body, lineBreak: position)
            parts.append(part)
            position = end + separator.count
        }
        return parts
    }

    /// The position after the boundary that begins the body or a line of it.
    private func afterFirstBoundary(_ body: [UInt8]) throws(MultipartError) -> Int {
        if body.starts(with: separator.dropFirst(2)) { return separator.count - 2 }
        guard let found = Self.find(separator, in: body, 0..<body.count) else { throw .noParts }
        return found + separator.count
    }

    /// The part that follows the CRLF at `lineBreak`, and where the next separator begins.
    private func part(_ body: [UInt8], lineBreak: Int) throws(MultipartError) -> (MultipartPart, end: Int) {
        // The search begins at the CRLF itself: a part without header lines is an empty line right away.
        let window = lineBreak..<min(body.count, lineBreak + limits.headBytes + 6)
        guard let empty = Self.find([0x0D, 0x0A, 0x0D, 0x0A], in: body, window) else {
            throw window.upperBound < body.count ? .partHeadTooLong : .malformedPart
        }
        guard empty > lineBreak else { throw .noName }
        guard Self.find(separator, in: body, lineBreak..<empty) == nil else { throw .malformedPart }
        let fields = try PartFields(body[(lineBreak + 2)..<empty])
        let start = empty + 4
        // A part without content may share the CRLF of its empty line with the separator.
        guard let end = Self.find(separator, in: body, (start - 2)..<body.count) else { throw .unterminated }
        return (
            MultipartPart(
                name: fields.name, filename: fields.filename, contentType: fields.contentType,
                body: start..<max(start, end)), end
        )
    }

    /// The characters that RFC 2046 gives boundaries.
    private static func isBoundaryByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "'()+_,-./:=? ".utf8.contains(byte)
        }
    }

    /// Where `pattern` first occurs within `range`; it begins with a CR.
    ///
    /// The C library's scan for CR finds the candidates. No pattern has two CRs within a boundary's length, so candidates
    /// hardly overlap and no input costs more than a few comparisons a byte.
    private static func find(_ pattern: [UInt8], in body: [UInt8], _ range: Range<Int>) -> Int? {
        body.withUnsafeBytes { bytes -> Int? in
            guard let base = bytes.baseAddress else { return nil }
            var position = range.lowerBound
            while position + pattern.count <= range.upperBound {
                let room = range.upperBound - position - pattern.count + 1
                guard let found = memchr(base + position, 0x0D, room) else { return nil }
                position = UnsafeRawPointer(found) - base
                if bytes[position + 1] == 0x0A, memcmp(base + position, pattern, pattern.count) == 0 { return position }
                position += 1
                // Of a run of CRs only the last can begin the pattern.
                while position + 1 < range.upperBound, bytes[position] == 0x0D, bytes[position + 1] == 0x0D {
                    position += 1
                }
            }
            return nil
        }
    }
}

/// What a part's header lines say.
private struct PartFields {
    private(set) var name = ""
    private(set) var filename: String?
    private(set) var contentType: String?

    init(_ head: ArraySlice<UInt8>) throws(MultipartError) {
        var rest = head
        var hasDisposition = false
        while !rest.isEmpty {
            let line = rest.prefix { $0 != 0x0D }
            rest = rest[line.endIndex...]
            guard rest.isEmpty || rest.starts(with: [0x0D, 0x0A]) else { throw .malformedPart }
            rest = rest.dropFirst(2)
            guard !line.contains(where: { $0 == 0x0A || $0 == 0 }), let text = String(validating: line, as: UTF8.self),
                let colon = text.firstIndex(of: ":")
            else { throw .malformedPart }
            let value = text[text.index(after: colon)...].trimmingSpaces()
            switch text[..<colon].lowercased() {
            case "content-disposition":
                guard !hasDisposition else { throw .noName }
                hasDisposition = true
                try readDisposition(value)
            case "content-type": contentType = value
            case "content-transfer-encoding":
                guard ["binary", "8bit", "7bit"].contains(value.lowercased()) else { throw .transferEncoding }
            default: break
            }
        }
        guard hasDisposition else { throw .noName }
    }

    private mutating func readDisposition(_ value: String) throws(MultipartError) {
        let field = HeaderParameters(value)
        let names = field.values("name")
        guard field.value == "form-data", names.count == 1 else { throw .noName }
        name = names[0]
        filename = field.values("filename").first
    }
}
