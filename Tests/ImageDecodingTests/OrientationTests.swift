// SPDX-License-Identifier: Apache-2.0

internal import ImageDecoding
internal import Testing

/// EXIF's directory read through the header of a PNG file, whose eXIf chunk is the TIFF structure itself.
@Suite struct OrientationTests {
    private func orientation(_ tiff: [UInt8], declared: UInt32? = nil) throws -> Int {
        let chunk = Fixtures.big(declared ?? UInt32(tiff.count)) + Array("eXIf".utf8) + tiff + Fixtures.big(0)
        return try ImageDecoder().header(of: Fixtures.pngStart(width: 3, height: 2) + chunk).orientation
    }

    /// A big-endian directory of one entry: tag, type, count, value field.
    private func tiff(_ tag: UInt16, _ type: UInt16, _ count: UInt32, _ value: UInt32) -> [UInt8] {
        func big(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
        return Array("MM\u{0}*".utf8) + Fixtures.big(8) + big(1) + big(tag) + big(type) + Fixtures.big(count)
            + Fixtures.big(value) + Fixtures.big(0)
    }

    @Test("The tag is read as byte, short or long, and with the prefix some writers repeat")
    func types() throws {
        #expect(try orientation(tiff(274, 3, 1, 6 << 16)) == 6)
        #expect(try orientation(tiff(274, 1, 1, 6 << 24)) == 6)
        #expect(try orientation(tiff(274, 4, 1, 6)) == 6)
        #expect(try orientation(Array("Exif\u{0}\u{0}".utf8) + tiff(274, 3, 1, 6 << 16)) == 6)
        #expect(try orientation([0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 18, 1, 3, 0, 1, 0, 0, 0, 8, 0, 0, 0]) == 8)
    }

    @Test("An invalid or absent value means upright")
    func invalid() throws {
        for value in [0, 9, 255, 65_535] as [UInt32] { #expect(try orientation(tiff(274, 3, 1, value << 16)) == 1) }
        #expect(try orientation(tiff(275, 3, 1, 6 << 16)) == 1)
        #expect(try orientation(tiff(274, 2, 1, 6 << 16)) == 1)
        #expect(try orientation(tiff(274, 3, 2, 6 << 16)) == 1)
        #expect(try orientation([]) == 1)
    }

    @Test("A directory cut anywhere, or pointing outside, means upright")
    func bounds() throws {
        let whole = tiff(274, 3, 1, 6 << 16)
        for count in 0..<20 { #expect(try orientation(Array(whole.prefix(count))) == 1, "\(count) bytes") }
        for offset in [20, 26, 0x7FFF_FFFF, 0xFFFF_FFFF] as [UInt32] {
            var moved = whole
            moved.replaceSubrange(4..<8, with: Fixtures.big(offset))
            #expect(try orientation(moved) == 1)
        }
        var many = whole
        many.replaceSubrange(8..<12, with: [0xFF, 0xFF, 0, 1])
        #expect(try orientation(many) == 1)
        #expect(try orientation(whole, declared: 0xFFFF_FFFF) == 6)
    }

    @Test("Sides are swapped for the four orientations that turn by a quarter")
    func sides() throws {
        for value in 1...8 {
            let bytes = Fixtures.pngStart(width: 3, height: 2)
            let exif = tiff(274, 3, 1, UInt32(value) << 16)
            let chunk = Fixtures.big(UInt32(exif.count)) + Array("eXIf".utf8) + exif
            let header = try ImageDecoder().header(of: bytes + chunk)
            #expect(header.width == (value < 5 ? 3 : 2) && header.height == (value < 5 ? 2 : 3))
        }
    }
}
