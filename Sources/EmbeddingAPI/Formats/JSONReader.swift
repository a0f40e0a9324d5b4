// SPDX-License-Identifier: Apache-2.0

/// Reads a JSON text (RFC 8259) front to back, value by value, as the caller asks for them.
///
///     var json = JSONReader(body)
///     try json.beginObject()
///     while let name = try json.nextName() { ... }
///     try json.end()
///
/// Strict: UTF-8 without a byte order mark, no name twice in an object, no half surrogate pairs, ``deepest`` containers
/// within each other. No input traps, and time is linear in the bytes. Every method throws ``JSONError``; after that the
/// reader is of no further use.
package struct JSONReader: Sendable {
    /// Containers within each other: 32.
    package static let deepest = 32

    private let bytes: [UInt8]
    private var position = 0
    private var open: [Container] = []

    /// An object or array that was begun and not ended, with the names seen.
    private struct Container {
        let isObject: Bool
        var isFirst = true
        var names: Set<String> = []
    }

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// What the next value is, by its first byte.
    package mutating func kind() throws(JSONError) -> JSONKind {
        switch next() {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"): return .number
        case .some(0x30...0x39): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .truth
        case UInt8(ascii: "n"): return .null
        default: throw .malformed(at: position)
        }
    }

    // MARK: Containers

    package mutating func beginObject() throws(JSONError) { try begin(.object) }

    package mutating func beginArray() throws(JSONError) { try begin(.array) }

    /// The name of the object's next field, whose value must be read then; nil when the object has ended.
    package mutating func nextName() throws(JSONError) -> String? {
        guard try hasNext(UInt8(ascii: "}")) else { return nil }
        guard next() == UInt8(ascii: "\"") else { throw .malformed(at: position) }
        let start = position
        let name = try string()
        guard open[open.count - 1].names.insert(name).inserted else { throw .duplicateName(at: start) }
        guard next() == UInt8(ascii: ":") else { throw .malformed(at: position) }
        position += 1
        return name
    }

    /// Whether the array has another value, which must be read then; false when it has ended.
    package mutating func nextElement() throws(JSONError) -> Bool { try hasNext(UInt8(ascii: "]")) }

    /// Makes sure that nothing but white space follows the one value.
    package mutating func end() throws(JSONError) {
        precondition(open.isEmpty, "\(open.count) containers were not read to their ends")
        guard next() == nil else { throw .malformed(at: position) }
    }

    private mutating func begin(_ kind: JSONKind) throws(JSONError) {
        try expect(kind)
        guard open.count < Self.deepest else { throw .tooDeep(at: position) }
        position += 1
        open.append(Container(isObject: kind == .object))
    }

    private mutating func hasNext(_ closing: UInt8) throws(JSONError) -> Bool {
        precondition(open.last?.isObject == (closing == UInt8(ascii: "}")), "\(open.count) containers are open")
        let byte = next()
        if byte == closing {
            position += 1
            open.removeLast()
            return false
        }
        if open[open.count - 1].isFirst {
            open[open.count - 1].isFirst = false
        } else {
            guard byte == UInt8(ascii: ",") else { throw .malformed(at: position) }
            position += 1
        }
        return true
    }

    // MARK: Values

    /// A string's content.
    package mutating func string() throws(JSONError) -> String {
        let start = position
        guard let string = try text().string else { throw .malformed(at: start) }
        return string
    }

    /// A string left where it stands; whether its bytes are UTF-8 is not checked.
    package mutating func text() throws(JSONError) -> JSONText {
        try expect(.string)
        let start = position + 1
        var hasEscapes = false
        position = start
        while true {
            position = Self.endOfRun(bytes, position)
            guard position < bytes.count else { throw .malformed(at: position) }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return JSONText(bytes, start..<(position - 1), hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try skipEscape()
            default: throw .malformed(at: position)
            }
        }
    }

    /// A whole number: `256`, and also `256.0` and `2.56e2`, which are the same number.
    package mutating func integer() throws(JSONError) -> Int {
        let start = position
        let number = try numberText()
        if let value = Int(number) { return value }
        guard let value = Double(number).flatMap({ Int(exactly: $0) }) else { throw .unexpected(.number, at: start) }
        return value
    }

    /// A number to the nearest double; one that is too large for a double is infinite.
    package mutating func number() throws(JSONError) -> Double {
        let start = position
        guard let value = Double(try numberText()) else { throw .malformed(at: start) }
        return value
    }

    package mutating func truth() throws(JSONError) -> Bool {
        try expect(.truth)
        let isTrue = bytes[position] == UInt8(ascii: "t")
        try skip(isTrue ? "true" : "false")
        return isTrue
    }

    package mutating func null() throws(JSONError) {
        try expect(.null)
        try skip("null")
    }

    /// Reads the next value where it is null; says whether it was.
    package mutating func skipNull() throws(JSONError) -> Bool {
        guard try kind() == .null else { return false }
        try null()
        return true
    }

    // MARK: Bytes

    /// The byte at the position, after white space; nil at the end.
    private mutating func next() -> UInt8? {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            position += 1
        }
        return nil
    }

    private mutating func expect(_ kind: JSONKind) throws(JSONError) {
        let found = try self.kind()
        guard found == kind else { throw .unexpected(found, at: position) }
    }

    private mutating func skip(_ word: StaticString) throws(JSONError) {
        for index in 0..<word.utf8CodeUnitCount {
            guard position < bytes.count, bytes[position] == word.utf8Start[index] else {
                throw .malformed(at: position)
            }
            position += 1
        }
    }

    /// The first byte from `start` on that ends a run of plain characters: a quote, a backslash or a control character.
    private static func endOfRun(_ bytes: [UInt8], _ start: Int) -> Int {
        bytes.withUnsafeBytes { bytes in
            var position = start
            let ones: UInt64 = 0x0101_0101_0101_0101
            let highs = ones << 7
            // Eight bytes at a time: a bit is set for each that is below 0x20, a quote or a backslash.
            while position + 8 <= bytes.count {
                let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
                let quotes = word ^ (ones &* 0x22)
                let slashes = word ^ (ones &* 0x5C)
                let low = (word &- ones &* 0x20) & ~word
                let hits = low | (quotes &- ones) & ~quotes | (slashes &- ones) & ~slashes
                if hits & highs != 0 { break }
                position += 8
            }
            while position < bytes.count, bytes[position] >= 0x20, bytes[position] != 0x22, bytes[position] != 0x5C {
                position += 1
            }
            return position
        }
    }

    private mutating func skipEscape() throws(JSONError) {
        let start = position
        guard position + 1 < bytes.count else { throw .malformed(at: start) }
        position += 2
        if "\"\\/bfnrt".utf8.contains(bytes[position - 1]) { return }
        guard bytes[position - 1] == UInt8(ascii: "u") else { throw .malformed(at: start) }
        let first = try hexadecimal()
        guard (0xD800...0xDFFF).contains(first) else { return }
        try skip("\\u")
        guard first < 0xDC00, (0xDC00...0xDFFF).contains(try hexadecimal()) else { throw .malformed(at: start) }
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        let digits = bytes[position...].prefix(4)
        let isHexadecimal = digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0 | 0x20) }
        guard digits.count == 4, isHexadecimal else { throw .malformed(at: position) }
        position += 4
        return JSONText.number(digits)
    }

    /// A number by RFC 8259's grammar.
    private mutating func numberText() throws(JSONError) -> String {
        try expect(.number)
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        let leadsWithZero = position < bytes.count && bytes[position] == 0x30
        let count = try digits()
        guard !leadsWithZero || count == 1 else { throw .malformed(at: start) }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            _ = try digits()
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == 0x2B || bytes[position] == 0x2D { position += 1 }
            _ = try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// Skips one digit or more.
    private mutating func digits() throws(JSONError) -> Int {
        let start = position
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
        guard position > start else { throw .malformed(at: start) }
        return position - start
    }
}
