// SPDX-License-Identifier: Apache-2.0

/// Small PNG files from pixels (ISO/IEC 15948): 8-bit RGB, not interlaced.
package enum PNGWriter {
    /// `rgb` holds width x height x 3 bytes; neither side may be 0.
    package static func encode(width: Int, height: Int, rgb: [UInt8]) -> [UInt8] {
        precondition(
            width > 0 && height > 0 && rgb.count == width * height * 3, "\(rgb.count) for \(width) x \(height)")
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        append(chunk: "IHDR", bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [8, 2, 0, 0, 0], to: &file)
        append(chunk: "IDAT", Deflate.zlib(filtered(width, height, rgb)), to: &file)
        append(chunk: "IEND", [], to: &file)
        return file
    }

    /// Each row with the filter of none, left and up whose bytes are smaller in sum (section 12.8).
    private static func filtered(_ width: Int, _ height: Int, _ rgb: [UInt8]) -> [UInt8] {
        let stride = width * 3
        var out: [UInt8] = []
        out.reserveCapacity((stride + 1) * height)
        var above = [UInt8](repeating: 0, count: stride)
        for y in 0..<height {
            let row = Array(rgb[y * stride..<(y + 1) * stride])
            let left = row.indices.map { $0 < 3 ? row[$0] : row[$0] &- row[$0 - 3] }
            let up = row.indices.map { row[$0] &- above[$0] }
            let choice = [(UInt8(0), row), (1, left), (2, up)].min { cost($0.1) < cost($1.1) } ?? (0, row)
            out.append(choice.0)
            out += choice.1
            above = row
        }
        return out
    }

    private static func cost(_ row: [UInt8]) -> Int {
        row.reduce(0) { $0 + Int(Int8(bitPattern: $1).magnitude) }
    }

    private static func append(chunk name: String, _ body: [UInt8], to file: inout [UInt8]) {
        let content = Array(name.utf8) + body
        file += bigEndian(UInt32(body.count)) + content + bigEndian(checksum(content))
    }

    static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// CRC-32 (ISO 3309), bit by bit: these files are small.
    package static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { sum, byte in
            var value = sum ^ UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
            return value
        }
    }
}
