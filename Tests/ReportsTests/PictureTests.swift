// SPDX-License-Identifier: Apache-2.0

import Foundation
import Reports
import Testing

/// PNG files from pixels, read back by hand.
@Suite("Pictures of a report")
struct PictureTests {
    @Test("Check sums are those of the standards' examples")
    func checksums() {
        #expect(PNGWriter.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(Deflate.zlib(Array("Wikipedia".utf8)).suffix(4) == [0x11, 0xE6, 0x03, 0x98])
    }

    @Test("Compressed bytes come back as they were", arguments: [0, 1, 2, 3, 10, 258, 259, 600, 70_000])
    func inflates(count: Int) {
        var state: UInt32 = 7
        func next() -> UInt32 {
            state = state &* 1_664_525 &+ 1_013_904_223
            return state >> 16
        }
        let random = (0..<count).map { _ in UInt8(next() & 255) }
        let flat = [UInt8](repeating: 200, count: count)
        let mixed = (0..<count).map { UInt8($0 % 997 < 500 ? $0 % 7 : Int(next() & 3)) }
        for bytes in [random, flat, mixed] { #expect(Inflater.inflate(Deflate.zlib(bytes)) == bytes) }
        #expect(count < 600 || Deflate.zlib(flat).count < count / 20)
    }

    @Test("A picture is a PNG of its size whose rows undo to its pixels")
    func encodes() throws {
        let (width, height) = (5, 3)
        let pixels = (0..<width * height * 3).map { UInt8($0 * 37 % 256) }
        let file = EmbeddedImage(width: width, height: height, rgb: pixels).bytes
        #expect(file.prefix(4) == [0x89, 0x50, 0x4E, 0x47])
        #expect(Array(file[16..<24]) == [0, 0, 0, 5, 0, 0, 0, 3])
        let start = try #require(file.indices.first { file[$0...].starts(with: Array("IDAT".utf8)) })
        let length = file[start - 4..<start].reduce(0) { $0 << 8 | Int($1) }
        let rows = Inflater.inflate(Array(file[start + 4..<start + 4 + length]))
        #expect(Self.unfilter(rows, stride: width * 3) == pixels)
    }

    private static func unfilter(_ rows: [UInt8], stride: Int) -> [UInt8] {
        var out: [UInt8] = []
        for row in Swift.stride(from: 0, to: rows.count, by: stride + 1) {
            for i in 0..<stride {
                let (left, up) = (i < 3 ? 0 : out[out.count - 3], out.count < stride ? 0 : out[out.count - stride])
                let base: UInt8 = rows[row] == 1 ? left : rows[row] == 2 ? up : 0
                out.append(rows[row + 1 + i] &+ base)
            }
        }
        return out
    }
}

/// Reads one block with the fixed codes (RFC 1951, 3.2.6), from the standard's tables.
private struct Inflater {
    private static let lengths = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let distances = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145,
        8193, 12289, 16385, 24577,
    ]
    private let bytes: [UInt8]
    private var bit = 19

    static func inflate(_ stream: [UInt8]) -> [UInt8] {
        var reader = Inflater(bytes: stream)
        return reader.read()
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private mutating func take(_ count: Int) -> Int {
        (0..<count).reduce(0) { value, index in
            defer { bit += 1 }
            return value | Int(bytes[bit / 8] >> UInt8(bit % 8) & 1) << index
        }
    }

    private mutating func code(_ count: Int, after start: Int = 0) -> Int {
        (0..<count).reduce(start) { value, _ in value << 1 | take(1) }
    }

    private mutating func symbol() -> Int {
        let seven = code(7)
        if seven <= 0b0010111 { return 256 + seven }
        let eight = code(1, after: seven)
        if eight <= 0b10111111 { return eight - 0x30 }
        if eight <= 0b11000111 { return 280 + eight - 0xC0 }
        return 144 + code(1, after: eight) - 0x190
    }

    private mutating func read() -> [UInt8] {
        var out: [UInt8] = []
        while true {
            let next = symbol()
            if next == 256 { return out }
            if next < 256 {
                out.append(UInt8(next))
                continue
            }
            let index = next - 257
            let length = Self.lengths[index] + (index < 8 || index == 28 ? 0 : take(index / 4 - 1))
            let place = code(5)
            let distance = Self.distances[place] + (place < 4 ? 0 : take(place / 2 - 1))
            for _ in 0..<length { out.append(out[out.count - distance]) }
        }
    }
}
