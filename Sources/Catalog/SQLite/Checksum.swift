// SPDX-License-Identifier: Apache-2.0

/// A 64-bit check on what a row holds, so that a damaged file is noticed where SQLite itself would not.
///
/// Every step is a bijection of the state, so a change within any one 8-byte word always changes the result; this is
/// a guard against accidents, not against an adversary. About as fast as memory is read.
struct Checksum {
    private var lanes: (UInt64, UInt64, UInt64, UInt64) = (
        0x243F_6A88_85A3_08D3, 0x1319_8A2E_0370_7344, 0xA409_3822_299F_31D0, 0x082E_FA98_EC4E_6C89
    )

    private static func mix(_ state: UInt64, _ word: UInt64) -> UInt64 {
        let product = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
        return product ^ (product >> 29)
    }

    mutating func add(_ number: Int64) {
        lanes.0 = Self.mix(lanes.0, UInt64(bitPattern: number))
    }

    /// Adds the bytes' count and the bytes.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        add(Int64(bytes.count))
        let blocks = bytes.count / 32
        var (a, b, c, d) = lanes
        for block in 0..<blocks {
            let offset = block &* 32
            a = Self.mix(a, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            b = Self.mix(b, bytes.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self))
            c = Self.mix(c, bytes.loadUnaligned(fromByteOffset: offset &+ 16, as: UInt64.self))
            d = Self.mix(d, bytes.loadUnaligned(fromByteOffset: offset &+ 24, as: UInt64.self))
        }
        lanes = (a, b, c, d)
        for offset in (blocks * 32)..<bytes.count { add(Int64(bytes[offset])) }
    }

    mutating func add(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { add($0) }
    }

    mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    /// The check as SQLite stores it.
    var value: Int64 {
        let left = Self.mix(Self.mix(lanes.0, lanes.1), lanes.2)
        return Int64(bitPattern: Self.mix(left, lanes.3))
    }

    /// The check of a blob that belongs to `row`.
    static func of(row: Int64, _ bytes: UnsafeRawBufferPointer) -> Int64 {
        var check = Checksum()
        check.add(row)
        check.add(bytes)
        return check.value
    }
}
