// SPDX-License-Identifier: Apache-2.0

/// Compression for the pictures of a report: one block of RFC 1951 with the fixed codes, in the frame of RFC 1950.
package enum Deflate {
    private static let window = 32_768
    private static let longest = 258
    private static let shortest = 3

    /// `bytes` as a zlib stream.
    package static func zlib(_ bytes: [UInt8]) -> [UInt8] {
        var bits = BitWriter(bytes: [0x78, 0x9C])
        bits.write(0b011, count: 3)
        compress(bytes, into: &bits)
        bits.code(symbol: 256)
        bits.finish()
        return bits.bytes + PNGWriter.bigEndian(adler(bytes))
    }

    /// Greedy matching against the last place where the same three bytes stood.
    private static func compress(_ bytes: [UInt8], into bits: inout BitWriter) {
        var latest = [Int](repeating: -1, count: 1 << 14)
        var position = 0
        while position < bytes.count {
            var match = (length: 0, distance: 0)
            if position + shortest <= bytes.count {
                let slot = hash(bytes, position)
                let earlier = latest[slot]
                latest[slot] = position
                if earlier >= 0, position - earlier <= window {
                    match = (commonLength(bytes, earlier, position), position - earlier)
                }
            }
            if match.length >= shortest {
                bits.match(length: match.length, distance: match.distance)
                position += match.length
            } else {
                bits.code(symbol: Int(bytes[position]))
                position += 1
            }
        }
    }

    private static func hash(_ bytes: [UInt8], _ at: Int) -> Int {
        let key = UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16
        return Int((key &* 0x9E37_79B1) >> 18)
    }

    private static func commonLength(_ bytes: [UInt8], _ earlier: Int, _ position: Int) -> Int {
        let most = min(longest, bytes.count - position)
        var length = 0
        while length < most, bytes[earlier + length] == bytes[position + length] { length += 1 }
        return length
    }

    private static func adler(_ bytes: [UInt8]) -> UInt32 {
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            a = (a + UInt32(byte)) % 65521
            b = (b + a) % 65521
        }
        return b << 16 | a
    }
}

/// Bits packed from the lowest upwards, and the fixed codes of RFC 1951, section 3.2.6.
private struct BitWriter {
    private(set) var bytes: [UInt8]
    private var pending: UInt32 = 0
    private var count = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func write(_ value: UInt32, count bits: Int) {
        pending |= value << count
        count += bits
        while count >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: pending))
            pending >>= 8
            count -= 8
        }
    }

    mutating func finish() {
        if count > 0 { write(0, count: 8 - count) }
    }

    /// A literal, the end (256) or a length (257...285).
    mutating func code(symbol: Int) {
        switch symbol {
        case ..<144: reversed(0x30 + symbol, count: 8)
        case ..<256: reversed(0x190 + symbol - 144, count: 9)
        case ..<280: reversed(symbol - 256, count: 7)
        default: reversed(0xC0 + symbol - 280, count: 8)
        }
    }

    /// The bytes that stood `distance` back, `length` of them.
    mutating func match(length: Int, distance: Int) {
        let (index, extra) = Self.split(length - 3, groups: 4)
        if length == 258 {
            code(symbol: 285)
        } else {
            code(symbol: 257 + index)
            write(UInt32(extra.value), count: extra.bits)
        }
        let (place, rest) = Self.split(distance - 1, groups: 2)
        reversed(place, count: 5)
        write(UInt32(rest.value), count: rest.bits)
    }

    /// Codes of lengths and distances: `groups` codes for each number of extra bits, twice as many for none.
    private static func split(_ value: Int, groups: Int) -> (index: Int, extra: (value: Int, bits: Int)) {
        guard value >= groups * 2 else { return (value, (0, 0)) }
        let width = Int.bitWidth - 1 - (value / groups).leadingZeroBitCount
        let step = value >> width
        return (groups * width + step, (value & ((1 << width) - 1), width))
    }

    private mutating func reversed(_ code: Int, count: Int) {
        var value: UInt32 = 0
        for bit in 0..<count where code >> bit & 1 == 1 { value |= 1 << (count - 1 - bit) }
        write(value, count: count)
    }
}
