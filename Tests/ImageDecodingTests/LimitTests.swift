// SPDX-License-Identifier: Apache-2.0

internal import ImageDecoding
internal import TestSupport
internal import Testing

@Suite struct LimitTests {
    /// 150 x 100 in all three formats.
    static let names = ["rgba.png", "baseline.jpg", "lossless_alpha.webp"]

    @Test("An image exactly at every limit is decoded", arguments: names)
    func atLimit(name: String) throws {
        let bytes = try Golden.image(name)
        let limits = ImageLimits(bytes: bytes.count, width: 150, height: 100, pixels: 15_000)
        #expect(try ImageDecoder(limits: limits).decode(bytes).pixels.count == 45_000)
    }

    @Test("An image one over any limit is refused with both numbers", arguments: names)
    func overLimit(name: String) throws {
        let bytes = try Golden.image(name)
        let cases: [(ImageLimits, ImageDecodingError)] = [
            (ImageLimits(bytes: bytes.count - 1), .tooManyBytes(limit: bytes.count - 1, found: bytes.count)),
            (ImageLimits(width: 149), .tooLarge(.width, limit: 149, found: 150)),
            (ImageLimits(height: 99), .tooLarge(.height, limit: 99, found: 100)),
            (ImageLimits(pixels: 14_999), .tooLarge(.pixels, limit: 14_999, found: 15_000)),
        ]
        for (limits, expected) in cases {
            #expect(ImageDecoder(limits: limits).refusal(of: bytes) == expected)
            #expect(throws: expected) { try ImageDecoder(limits: limits).header(of: bytes) }
        }
    }

    @Test("A PNG of 168 megapixels is refused from its first 33 bytes")
    func hugePNG() {
        let bytes = Fixtures.pngStart(width: 14_000, height: 12_000)
        #expect(ImageDecoder().refusal(of: bytes) == .tooLarge(.pixels, limit: 64_000_000, found: 168_000_000))
    }

    @Test("The largest sizes a header can state are refused, not multiplied to nonsense")
    func largestPNG() {
        let side = 0xFFFF_FFFF as UInt32
        let open = ImageLimits(width: .max, height: .max, pixels: 64_000_000)
        let decoder = ImageDecoder(limits: open)
        guard case .tooLarge(.pixels, _, _) = decoder.refusal(of: Fixtures.pngStart(width: side, height: side)) else {
            Issue.record("accepted")
            return
        }
        #expect(decoder.refusal(of: Fixtures.pngStart(width: 0, height: side)) == .corrupt(.png, .header))
    }

    @Test("A JPEG stating 65,535 rows is refused by its height")
    func tallJPEG() throws {
        var bytes = try Golden.image("baseline.jpg")
        let frame = try #require(JPEGMarkers.offset(of: 0xC0, in: bytes))
        bytes[frame + 5] = 0xFF
        bytes[frame + 6] = 0xFF
        #expect(ImageDecoder().refusal(of: bytes) == .tooLarge(.height, limit: 65_500, found: 65_535))
        bytes[frame + 5] = 0x50
        #expect(ImageDecoder().refusal(of: bytes) == .tooLarge(.height, limit: 16_384, found: 0x50FF))
    }

    @Test("A progressive JPEG of more than 100 scans is refused")
    func scans() throws {
        let bytes = try Golden.image("progressive.jpg")
        let tables = try #require(JPEGMarkers.lastOffset(of: 0xC4, in: bytes))
        let scan = bytes[tables..<bytes.count - 2]
        let count = JPEGMarkers.count(of: 0xDA, in: bytes)
        func file(repeating repeats: Int) -> [UInt8] {
            Array(bytes.dropLast(2)) + Array(repeatElement(scan, count: repeats).joined()) + [0xFF, 0xD9]
        }
        #expect(ImageDecoder().refusal(of: file(repeating: 100 - count)) == nil)
        #expect(ImageDecoder().refusal(of: file(repeating: 101 - count)) == .corrupt(.jpeg, .scans))
    }
}
