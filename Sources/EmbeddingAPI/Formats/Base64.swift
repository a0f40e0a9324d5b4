// SPDX-License-Identifier: Apache-2.0

/// Base64 with the standard alphabet (RFC 4648, section 4), strict: padded, nothing else between the digits.
package enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    /// 0 to 63 for a digit, 255 for any other byte.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    /// The bytes that `text` stands for; nil when it is not base64.
    package static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        guard !text.isEmpty else { return [] }
        let padding = text[text.count - 2] == 0x3D ? 2 : text[text.count - 1] == 0x3D ? 1 : 0
        let count = text.count / 4 * 3 - padding
        var isValid = true
        let bytes = [UInt8](unsafeUninitializedCapacity: count + 3) { out, length in
            values.withUnsafeBufferPointer { table in
                var bad: UInt8 = 0
                var to = 0
                for from in stride(from: 0, to: text.count, by: 4) {
                    let last = from + 4 == text.count
                    let a = table[Int(text[from])]
                    let b = table[Int(text[from + 1])]
                    let c = last && padding == 2 ? 0 : table[Int(text[from + 2])]
                    let d = last && padding >= 1 ? 0 : table[Int(text[from + 3])]
                    bad |= (a | b | c | d) & 0x80
                    out[to] = a << 2 | (b >> 4 & 3)
                    out[to + 1] = b << 4 | (c >> 2 & 15)
                    out[to + 2] = c << 6 | d & 63
                    to += 3
                }
                isValid = bad == 0
            }
            length = count
        }
        return isValid ? bytes : nil
    }

    /// The bytes that `text` stands for; nil when it is not base64.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var copy = String(text)
        return copy.withUTF8 { decode($0) }
    }

    /// Appends the base64 of `values` as little-endian float32.
    package static func encode(_ values: [Float], to out: inout [UInt8]) {
        var raw: [UInt8] = []
        NPY.append(values, to: &raw)
        raw.withUnsafeBufferPointer { encode($0, to: &out) }
    }

    /// Appends the base64 of `bytes`.
    package static func encode(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        out.reserveCapacity(out.count + (bytes.count + 2) / 3 * 4)
        digits.withUnsafeBufferPointer { digits in
            for from in stride(from: 0, to: bytes.count, by: 3) {
                let left = bytes.count - from
                let a = bytes[from]
                let b = left > 1 ? bytes[from + 1] : 0
                let c = left > 2 ? bytes[from + 2] : 0
                out.append(digits[Int(a >> 2)])
                out.append(digits[Int((a & 3) << 4 | b >> 4)])
                out.append(left > 1 ? digits[Int((b & 15) << 2 | c >> 6)] : 0x3D)
                out.append(left > 2 ? digits[Int(c & 63)] : 0x3D)
            }
        }
    }
}
