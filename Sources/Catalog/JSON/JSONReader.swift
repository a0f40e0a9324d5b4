// SPDX-License-Identifier: Apache-2.0

/// Reads JSON (RFC 8259) within limits on size and depth; every fault is an error with its offset.
struct JSONReader {
    private let bytes: [UInt8]
    private let depthLimit: Int
    private var offset = 0

    /// Parses one value that fills `bytes`.
    static func read(_ bytes: [UInt8], depth: Int, size: Int) throws(JSONFaultError) -> JSONValue {
        guard bytes.count <= size else { throw JSONFaultError(.tooLarge(limit: size, found: bytes.count)) }
        var reader = JSONReader(bytes: bytes, depthLimit: depth)
        let value = try reader.value(depth: 0)
        reader.skipSpaces()
        guard reader.offset == bytes.count else { throw reader.malformed }
        return value
    }

    private init(bytes: [UInt8], depthLimit: Int) {
        self.bytes = bytes
        self.depthLimit = depthLimit
    }

    private var malformed: JSONFaultError { JSONFaultError(.malformed(offset: offset)) }
    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpaces() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { offset += 1 }
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: byte) else { return false }
        offset += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONFaultError) -> JSONValue {
        skipSpaces()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(JSONString(try string()))
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ text: String, _ value: JSONValue) throws(JSONFaultError) -> JSONValue {
        guard bytes[offset...].starts(with: text.utf8) else { throw malformed }
        offset += text.utf8.count
        return value
    }

    private mutating func array(depth: Int) throws(JSONFaultError) -> JSONValue {
        guard depth <= depthLimit else { throw JSONFaultError(.tooDeep(limit: depthLimit)) }
        offset += 1
        var values: [JSONValue] = []
        skipSpaces()
        if take("]") { return .array([]) }
        repeat {
            values.append(try value(depth: depth))
            skipSpaces()
        } while take(",")
        guard take("]") else { throw malformed }
        return .array(values)
    }

    private mutating func object(depth: Int) throws(JSONFaultError) -> JSONValue {
        guard depth <= depthLimit else { throw JSONFaultError(.tooDeep(limit: depthLimit)) }
        let start = offset
        offset += 1
        var members: [JSONMember] = []
        skipSpaces()
        if take("}") { return .object([]) }
        repeat {
            skipSpaces()
            guard next == UInt8(ascii: "\"") else { throw malformed }
            let key = JSONString(try string())
            skipSpaces()
            guard take(":") else { throw malformed }
            members.append(JSONMember(key: key, value: try value(depth: depth)))
            skipSpaces()
        } while take(",")
        guard take("}") else { throw malformed }
        members.sort { $0.key < $1.key }
        for (left, right) in zip(members, members.dropFirst()) where left.key == right.key {
            throw JSONFaultError(.duplicateKey(offset: start))
        }
        return .object(members)
    }

    private mutating func digits() -> Bool {
        let start = offset
        while let byte = next, (0x30...0x39).contains(byte) { offset += 1 }
        return offset > start
    }

    private mutating func number() throws(JSONFaultError) -> JSONValue {
        let start = offset
        _ = take("-")
        if !take("0"), !digits() { throw malformed }
        var isWhole = true
        if take(".") {
            isWhole = false
            guard digits() else { throw malformed }
        }
        if take("e") || take("E") {
            isWhole = false
            if !take("+") { _ = take("-") }
            guard digits() else { throw malformed }
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isWhole, let integer = Int64(text) { return .integer(integer) }
        guard let double = Double(text), let value = JSONValue.exact(double) else {
            throw JSONFaultError(.numberOutOfRange(offset: start))
        }
        return value
    }

    private mutating func string() throws(JSONFaultError) -> String {
        let start = offset
        offset += 1
        var out: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                guard let text = String(validating: out, as: UTF8.self) else {
                    throw JSONFaultError(.malformed(offset: start))
                }
                return text
            case UInt8(ascii: "\\"): try escape(into: &out)
            case 0..<0x20: throw malformed
            default:
                out.append(byte)
                offset += 1
            }
        }
        throw malformed
    }

    private mutating func escape(into out: inout [UInt8]) throws(JSONFaultError) {
        offset += 1
        guard let letter = next else { throw malformed }
        offset += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(letter)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0C)
        case UInt8(ascii: "n"): out.append(0x0A)
        case UInt8(ascii: "r"): out.append(0x0D)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "u"): out += try scalar().utf8
        default: throw malformed
        }
    }

    /// The scalar after `\u`, of one or two escapes; U+0000 is refused because SQLite's text ends there.
    private mutating func scalar() throws(JSONFaultError) -> String {
        var code = try unit()
        if (0xD800..<0xDC00).contains(code) {
            guard take("\\"), take("u") else { throw malformed }
            let low = try unit()
            guard (0xDC00..<0xE000).contains(low) else { throw malformed }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard code != 0, let scalar = Unicode.Scalar(code) else { throw malformed }
        return String(Character(scalar))
    }

    private mutating func unit() throws(JSONFaultError) -> UInt32 {
        guard bytes.count - offset >= 4 else { throw malformed }
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[offset])).hexDigitValue, bytes[offset] < 0x80 else {
                throw malformed
            }
            code = code << 4 | UInt32(digit)
            offset += 1
        }
        return code
    }
}

/// A ``JSONFault`` on its way to the error it becomes part of.
struct JSONFaultError: Error {
    let fault: JSONFault

    init(_ fault: JSONFault) {
        self.fault = fault
    }
}
