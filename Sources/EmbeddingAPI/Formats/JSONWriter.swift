// SPDX-License-Identifier: Apache-2.0

/// Writes JSON (RFC 8259) into bytes, front to back.
///
///     var out = JSONWriter()
///     out.object { $0.field("index", 0) }  // {"index":0}
///
/// Floats are written with the fewest digits that read back as the same number; what is not finite becomes null, because
/// JSON has no word for it. The text has no white space.
package struct JSONWriter: Sendable {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init() {}

    // MARK: Structure

    package mutating func object(_ body: (inout JSONWriter) -> Void) {
        open(UInt8(ascii: "{"))
        body(&self)
        close(UInt8(ascii: "}"))
    }

    package mutating func array(_ body: (inout JSONWriter) -> Void) {
        open(UInt8(ascii: "["))
        body(&self)
        close(UInt8(ascii: "]"))
    }

    /// The name of the value that is written next.
    package mutating func key(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    // MARK: Values

    package mutating func string(_ text: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        appendEscaped(text)
        bytes.append(UInt8(ascii: "\""))
    }

    package mutating func number(_ value: Int) { append(value.description) }

    package mutating func number(_ value: Float) { numbers(CollectionOfOne(value)) }

    package mutating func number(_ value: Double) { value.isFinite ? append(value.description) : null() }

    package mutating func truth(_ value: Bool) { append(value ? "true" : "false") }

    package mutating func null() { append("null") }

    /// A value that is JSON text already.
    package mutating func raw(_ text: String) { append(text) }

    /// An array of numbers: the way to write a vector.
    package mutating func vector(_ values: [Float]) {
        open(UInt8(ascii: "["))
        numbers(values)
        close(UInt8(ascii: "]"))
    }

    /// A string holding the base64 of `values` as little-endian float32.
    package mutating func base64(_ values: [Float]) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        Base64.encode(values, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    // MARK: Fields

    package mutating func field(_ name: String, _ value: String?) {
        key(name)
        if let value { string(value) } else { null() }
    }

    package mutating func field(_ name: String, _ value: Int) {
        key(name)
        number(value)
    }

    package mutating func field(_ name: String, _ value: Double) {
        key(name)
        number(value)
    }

    package mutating func field(_ name: String, _ value: Bool) {
        key(name)
        truth(value)
    }

    // MARK: Bytes

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func append(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
    }

    /// Each value and the commas between, written in place: one growth of the buffer and no strings.
    private mutating func numbers(_ values: some Collection<Float>) {
        guard !values.isEmpty else { return }
        let start = bytes.count
        let commas = needsComma
        needsComma = true
        bytes.append(addingCapacity: values.count * (ShortestFloat.longest + 1)) { span in
            span.withUnsafeMutableBufferPointer { buffer, count in
                guard var out = buffer.baseAddress.map({ $0 + count }) else { return }
                let first = out
                var comma = commas
                for value in values {
                    if comma {
                        out.pointee = UInt8(ascii: ",")
                        out += 1
                    }
                    comma = true
                    out += ShortestFloat.write(value, to: out)
                }
                count += out - first
            }
        }
        precondition(bytes.count > start, "\(values.count) numbers gave \(bytes.count - start) bytes")
    }

    /// The text with quotes, backslashes and control characters escaped; runs without any are copied whole.
    private mutating func appendEscaped(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            var start = 0
            for (index, byte) in utf8.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
                bytes.append(contentsOf: utf8[start..<index])
                appendEscape(byte)
                start = index + 1
            }
            bytes.append(contentsOf: utf8[start...])
        }
    }

    private mutating func appendEscape(_ byte: UInt8) {
        switch byte {
        case 0x22, 0x5C: bytes += [0x5C, byte]
        case 0x0A: bytes += [0x5C, UInt8(ascii: "n")]
        default:
            let digits: StaticString = "0123456789abcdef"
            bytes += [0x5C, UInt8(ascii: "u"), 0x30, 0x30]
            bytes += [digits.utf8Start[Int(byte >> 4)], digits.utf8Start[Int(byte & 15)]]
        }
    }
}
