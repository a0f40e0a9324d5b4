// SPDX-License-Identifier: Apache-2.0

/// Base64 with the standard alphabet (RFC 4648, section 4).
///
/// Reading is strict: padded, no bits set beyond the last byte, and nothing between the digits but line breaks (CR, LF),
/// which mail tools and `base64` put there. Both directions run at one to several GB/s.
package enum Base64 {
    /// The bytes that `text` stands for; nil when it is not base64.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        text.utf8.withContiguousStorageIfAvailable(decode) ?? Array(text.utf8).withUnsafeBufferPointer(decode)
    }

    /// The bytes that `text` stands for; nil when it is not base64.
    package static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var isValid = false
        let bytes = [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3 + 4) { out, count in
            values.withUnsafeBufferPointer { table in
                var decoder = Decoder(text: text, table: table, out: UnsafeMutableRawBufferPointer(out))
                isValid = decoder.run()
                count = decoder.written
            }
        }
        return isValid ? bytes : nil
    }

    /// Appends the base64 of `values` as little-endian float32.
    package static func encode(_ values: [Float], to out: inout [UInt8]) {
        #if _endian(little)
            values.withUnsafeBytes { encode($0, to: &out) }
        #else
            values.map { $0.bitPattern.littleEndian }.withUnsafeBytes { encode($0, to: &out) }
        #endif
    }

    /// Appends the base64 of `bytes`, padded and in one line.
    package static func encode(_ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        let start = out.count
        out.append(contentsOf: repeatElement(padding, count: (bytes.count + 2) / 3 * 4))
        out.withUnsafeMutableBytes { out in
            pairs.withUnsafeBufferPointer { pairs in
                var (from, to) = (0, start)
                while from + 3 <= bytes.count {
                    let group = Int(bytes[from]) << 16 | Int(bytes[from + 1]) << 8 | Int(bytes[from + 2])
                    out.storeBytes(of: pairs[group >> 12], toByteOffset: to, as: UInt16.self)
                    out.storeBytes(of: pairs[group & 0xFFF], toByteOffset: to + 2, as: UInt16.self)
                    (from, to) = (from + 3, to + 4)
                }
                guard from < bytes.count else { return }
                let second = from + 1 < bytes.count ? Int(bytes[from + 1]) : 0
                let group = Int(bytes[from]) << 8 | second
                out.storeBytes(of: pairs[group >> 4], toByteOffset: to, as: UInt16.self)
                if from + 1 < bytes.count { out[to + 2] = digits[second << 2 & 63] }
            }
        }
    }

    // MARK: Tables

    private static let padding = UInt8(ascii: "=")
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Set in ``values`` for a byte that is no digit.
    private static let invalid: UInt32 = 1 << 24

    /// Four tables of 256, one for each place in a group of four digits: a digit's bits where they belong in 24.
    private static let values: [UInt32] = {
        var values = [UInt32](repeating: invalid, count: 4 * 256)
        for (value, digit) in digits.enumerated() {
            for place in 0..<4 { values[place * 256 + Int(digit)] = UInt32(value) << UInt32(18 - 6 * place) }
        }
        return values
    }()

    /// Two digits for each number of 12 bits, as they lie in memory.
    private static let pairs: [UInt16] = (0..<4096).map { number in
        UInt16(littleEndian: UInt16(digits[number >> 6]) | UInt16(digits[number & 63]) << 8)
    }

    // MARK: Decoding

    /// Whole groups run in a loop without questions; line breaks, padding and what is wrong are found one by one.
    private struct Decoder {
        let text: UnsafeBufferPointer<UInt8>
        let table: UnsafeBufferPointer<UInt32>
        /// At least 3 bytes for each 4 of the text and 4 more: a group is stored with a byte of slack.
        let out: UnsafeMutableRawBufferPointer
        var read = 0
        var written = 0

        /// Whether all of the text is base64.
        mutating func run() -> Bool {
            while true {
                runWholeGroups()
                guard let group = nextGroup() else { return true }
                guard group.count == 4 else { return false }
                if group.digits[3] == padding { return finish(group.digits) }
                let bits = bits(group.digits[0], group.digits[1], group.digits[2], group.digits[3])
                guard bits < invalid else { return false }
                store(bits, bytes: 3)
            }
        }

        private mutating func runWholeGroups() {
            while read + 4 <= text.count {
                let bits = bits(text[read], text[read + 1], text[read + 2], text[read + 3])
                guard bits < invalid else { return }
                store(bits, bytes: 3)
                read += 4
            }
        }

        /// Up to four bytes that are not line breaks; nil when there are none left.
        private mutating func nextGroup() -> (digits: SIMD4<UInt8>, count: Int)? {
            var digits = SIMD4<UInt8>()
            var count = 0
            while count < 4, read < text.count {
                let byte = text[read]
                read += 1
                if byte == 0x0D || byte == 0x0A { continue }
                digits[count] = byte
                count += 1
            }
            return count == 0 ? nil : (digits, count)
        }

        /// The last group, which stands for one or two bytes; only line breaks may follow.
        private mutating func finish(_ digits: SIMD4<UInt8>) -> Bool {
            let count = digits[2] == padding ? 1 : 2
            let zero = UInt8(ascii: "A")
            let bits = bits(digits[0], digits[1], count == 1 ? zero : digits[2], zero)
            let beyond: UInt32 = count == 1 ? 0xFFFF : 0xFF
            guard bits < invalid, bits & beyond == 0 else { return false }
            store(bits, bytes: count)
            return nextGroup() == nil
        }

        private func bits(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) -> UInt32 {
            table[Int(a)] | table[256 + Int(b)] | table[512 + Int(c)] | table[768 + Int(d)]
        }

        private mutating func store(_ bits: UInt32, bytes count: Int) {
            out.storeBytes(of: (bits << 8).bigEndian, toByteOffset: written, as: UInt32.self)
            written += count
        }
    }
}
