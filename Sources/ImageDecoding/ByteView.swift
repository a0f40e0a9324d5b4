// SPDX-License-Identifier: Apache-2.0

/// Untrusted bytes whose every access is bounds-checked: nil outside, never a trap.
///
/// Offsets come from 32-bit fields added to positions inside the bytes, so they do not overflow `Int`.
struct ByteView {
    let bytes: UnsafeRawBufferPointer

    var count: Int { bytes.count }

    subscript(offset: Int) -> Int? {
        offset >= 0 && offset < bytes.count ? Int(bytes[offset]) : nil
    }

    /// The bytes from `offset` on, `count` of them or as many as there are.
    func slice(at offset: Int, count: Int) -> ByteView {
        let start = min(max(0, offset), bytes.count)
        let end = min(bytes.count - start, max(0, count)) + start
        return ByteView(bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
    }

    func number(at offset: Int, bytes width: Int, bigEndian: Bool) -> Int? {
        guard offset >= 0, offset <= count - width else { return nil }
        var value = 0
        for index in 0..<width {
            let position = bigEndian ? index : width - 1 - index
            value = value << 8 | Int(bytes[offset + position])
        }
        return value
    }

    func big16(at offset: Int) -> Int? { number(at: offset, bytes: 2, bigEndian: true) }
    func big32(at offset: Int) -> Int? { number(at: offset, bytes: 4, bigEndian: true) }
    func little32(at offset: Int) -> Int? { number(at: offset, bytes: 4, bigEndian: false) }

    /// Whether the bytes at `offset` are `text`, each of whose characters (below U+0100) stands for one byte.
    func has(_ text: String, at offset: Int) -> Bool {
        var position = offset
        for scalar in text.unicodeScalars {
            guard self[position] == Int(scalar.value) else { return false }
            position += 1
        }
        return true
    }
}
