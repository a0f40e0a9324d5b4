// SPDX-License-Identifier: Apache-2.0

/// A strict reader of JSON (RFC 8259) that the caller pulls values out of; it keeps nothing and builds no tree.
///
/// Nesting is counted, not recursed into, and every error has the byte's offset in the file. Of values that are skipped
/// only the brackets and strings are checked.
struct JSONScanner {
    private let bytes: UnsafeRawBufferPointer
    /// What to add to ``position`` for an offset in the file.
    private let base: Int
    private(set) var position = 0

    /// Reads `bytes`, which begin at byte `base` of the file.
    init(_ bytes: UnsafeRawBufferPointer, base: Int) {
        self.bytes = bytes
        self.base = base
    }

    /// The next byte that is no white space; nil at the end.
    mutating func peek() -> UInt8? {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return bytes[position]
            }
        }
        return nil
    }

    /// Reads an object and hands each member's key to `member`, which must read the value.
    mutating func object(
        _ member: (inout JSONScanner, String) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        try expect("{")
        if try accept("}") { return }
        repeat {
            let key = try string()
            try expect(":")
            try member(&self, key)
        } while try accept(",")
        try expect("}")
    }

    /// Reads an array of at most `most` whole numbers.
    mutating func wholeNumbers(most: Int) throws(CheckpointError) -> [Int] {
        var numbers: [Int] = []
        try expect("[")
        if try accept("]") { return numbers }
        repeat {
            guard numbers.count < most else { throw malformed("an array of more than \(most) numbers") }
            numbers.append(try wholeNumber())
        } while try accept(",")
        try expect("]")
        return numbers
    }

    /// Reads a number without sign, fraction or exponent.
    mutating func wholeNumber() throws(CheckpointError) -> Int {
        let first = peek()
        guard let first, Self.isDigit(first) else {
            throw malformed("expected a whole number of 0 or more")
        }
        let start = position
        var number = 0
        while position < bytes.count, Self.isDigit(bytes[position]) {
            let (shifted, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carried) = shifted.addingReportingOverflow(Int(bytes[position] &- 0x30))
            guard !overflow, !carried else { throw malformed("a number that needs more than 64 bits") }
            number = sum
            position += 1
        }
        if position < bytes.count, [0x2E, 0x45, 0x65].contains(bytes[position]) {
            throw malformed("expected a whole number")
        }
        guard first != 0x30 || position - start == 1 else {
            throw malformed("a number that begins with 0")
        }
        return number
    }

    /// Reads over any one value with at most `depth` arrays and objects within each other.
    mutating func skipValue(depth: Int) throws(CheckpointError) {
        var closers: [UInt8] = []
        repeat {
            guard let byte = peek() else { throw malformed("it ends within a value") }
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard closers.count < depth else {
                    throw malformed("more than \(depth) values within each other")
                }
                closers.append(byte + 2)
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard closers.popLast() == byte else { throw malformed("a bracket without its partner") }
                position += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                guard !closers.isEmpty else { throw malformed("expected a value") }
                position += 1
            case UInt8(ascii: "\""): _ = try string()
            default: try skipWord()
            }
        } while !closers.isEmpty
    }

    /// A number, `true`, `false` or `null`, whose spelling matters to nobody.
    private mutating func skipWord() throws(CheckpointError) {
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2E: position += 1
            default:
                guard position > start else { throw malformed("expected a value") }
                return
            }
        }
    }

    /// Takes `byte` when it is next.
    mutating func accept(_ byte: Unicode.Scalar) throws(CheckpointError) -> Bool {
        guard peek() == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ byte: Unicode.Scalar) throws(CheckpointError) {
        guard try accept(byte) else { throw malformed("expected '\(byte)'") }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    /// An error at the byte that is next.
    func malformed(_ reason: String) -> CheckpointError {
        .malformed(
            format: "safetensors header", offset: base + position,
            reason: "not JSON as the format has it: \(reason)")
    }
}

extension JSONScanner {
    /// Reads a string.
    mutating func string() throws(CheckpointError) -> String {
        try expect("\"")
        let start = position
        while position < bytes.count, bytes[position] >= 0x20 {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return try text(bytes[start..<(position - 1)])
            case UInt8(ascii: "\\"): return try escapedString(from: start)
            default: position += 1
            }
        }
        throw malformed("a string that is not closed")
    }

    /// Goes on from the first backslash of a string that began at `start`.
    private mutating func escapedString(from start: Int) throws(CheckpointError) -> String {
        var out = [UInt8](bytes[start..<position])
        while position < bytes.count, bytes[position] >= 0x20 {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return try text(out)
            case UInt8(ascii: "\\"): out += try escape()
            default: out.append(byte)
            }
        }
        throw malformed("a string that is not closed")
    }

    /// What follows a backslash, as UTF-8.
    private mutating func escape() throws(CheckpointError) -> [UInt8] {
        guard position < bytes.count else { throw malformed("a string that is not closed") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw malformed("an escape that is unknown")
        }
    }

    /// Four hexadecimal digits, and four more where they are half of a surrogate pair.
    private mutating func unicodeEscape() throws(CheckpointError) -> [UInt8] {
        var units = [try hexadecimal()]
        if UTF16.isLeadSurrogate(units[0]), bytes.part(position, 2)?.elementsEqual("\\u".utf8) == true {
            position += 2
            units.append(try hexadecimal())
        }
        guard let text = String(validating: units, as: UTF16.self) else {
            throw malformed("half a surrogate pair")
        }
        return Array(text.utf8)
    }

    private mutating func hexadecimal() throws(CheckpointError) -> UInt16 {
        guard let part = bytes.part(position, 4), part.allSatisfy({ $0 != 0x2B && $0 != 0x2D }),
            let unit = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
        else { throw malformed("expected four hexadecimal digits") }
        position += 4
        return unit
    }

    private func text(_ part: some Sequence<UInt8>) throws(CheckpointError) -> String {
        guard let text = String(validating: part, as: UTF8.self) else {
            throw malformed("text that is not UTF-8")
        }
        return text
    }
}
