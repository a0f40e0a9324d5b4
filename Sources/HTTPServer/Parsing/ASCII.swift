// SPDX-License-Identifier: Apache-2.0

private import Glibc

/// Character classes of RFC 9110 section 5.6 and RFC 3986, as two 64-bit masks each, and searches for them.
enum ASCII {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let percent: UInt8 = 0x25
    static let ampersand: UInt8 = 0x26
    static let plus: UInt8 = 0x2B
    static let comma: UInt8 = 0x2C
    static let slash: UInt8 = 0x2F
    static let zero: UInt8 = 0x30
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B
    static let equals: UInt8 = 0x3D
    static let question: UInt8 = 0x3F

    /// `tchar`: what methods and header names are made of.
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        holds(0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE, byte)
    }

    /// `unreserved`, `sub-delims` and `%`: what a host name is made of.
    static func isHostName(_ byte: UInt8) -> Bool {
        holds(0x2BFF_7FF2_0000_0000, 0x47FF_FFFE_87FF_FFFE, byte)
    }

    /// Visible characters but `#`: what a request target is made of; a fragment never travels.
    @inline(__always)
    static func isTarget(_ byte: UInt8) -> Bool {
        holds(0xFFFF_FFF6_0000_0000, 0x7FFF_FFFF_FFFF_FFFF, byte)
    }

    /// Tab, space, visible characters and bytes above ASCII: what a header value is made of.
    @inline(__always)
    static func isFieldContent(_ byte: UInt8) -> Bool {
        byte >= space && byte != 0x7F || byte == tab
    }

    static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }

    static func isDigit(_ byte: UInt8) -> Bool { byte &- zero < 10 }

    /// The value of a hexadecimal digit of either case.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt8? {
        if byte &- zero < 10 { return byte &- zero }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }

    @inline(__always)
    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    /// `range` without the spaces and tabs at its ends.
    static func trimming(_ bytes: [UInt8], _ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, isBlank(bytes[start]) { start += 1 }
        while end > start, isBlank(bytes[end - 1]) { end -= 1 }
        return start..<end
    }

    /// The index of the first `byte` at or after `start`; nil when there is none.
    @inline(__always)
    static func find(_ byte: UInt8, in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress else { return nil }
        guard let found = memchr(base + start, Int32(byte), bytes.count - start) else { return nil }
        return UnsafeRawPointer(found) - base
    }

    @inline(__always)
    private static func holds(_ low: UInt64, _ high: UInt64, _ byte: UInt8) -> Bool {
        let mask = byte < 64 ? low : high
        return byte < 128 && mask & (1 &<< UInt64(byte & 63)) != 0
    }
}
