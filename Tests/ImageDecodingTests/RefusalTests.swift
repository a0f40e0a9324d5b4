// SPDX-License-Identifier: Apache-2.0

internal import ImageDecoding
internal import TestSupport
internal import Testing

@Suite struct RefusalTests {
    @Test("No bytes are refused as empty")
    func empty() {
        #expect(ImageDecoder().refusal(of: []) == .empty)
    }

    @Test(
        "A format that is not read is refused by name",
        arguments: [
            ("GIF89a......", "GIF"), ("BM..........", "BMP"), ("II*\u{0}........", "TIFF"),
            ("MM\u{0}*........", "TIFF"),
            ("\u{0}\u{0}\u{0} ftypavif", "AVIF"), ("\u{0}\u{0}\u{0} ftypheic", "HEIC"), ("%PDF-1.7....", "PDF"),
            ("<svg xmlns='", "SVG"),
        ])
    func named(bytes: String, name: String) {
        let error = ImageDecoder().refusal(of: Array(bytes.utf8))
        #expect(error == .unsupportedFormat(recognised: name))
        #expect(error?.description.contains(name) == true)
    }

    @Test("Anything else is refused without a name")
    func unnamed() {
        for bytes in [[0], [0xFF, 0xD8], Array("hello, world".utf8), [UInt8](repeating: 0, count: 4_096)] {
            #expect(ImageDecoder().refusal(of: bytes) == .unsupportedFormat(recognised: nil))
        }
    }

    @Test(
        "Arithmetic, lossless and 12-bit JPEG are refused as variants",
        arguments: [(1, 0xC9), (1, 0xC3), (1, 0xC5), (4, 12)])
    func variants(offset: Int, value: UInt8) throws {
        var bytes = try Golden.image("baseline.jpg")
        let frame = try #require(JPEGMarkers.offset(of: 0xC0, in: bytes))
        bytes[frame + offset] = value
        #expect(ImageDecoder().refusal(of: bytes) == .unsupportedVariant(.jpeg))
    }

    @Test("A PNG with a wrong checksum in its header, palette or pixels is refused")
    func checksums() throws {
        let plain = try Fixtures.bytes("palette8.png")
        for name in ["IHDR", "PLTE", "IDAT"] {
            var bytes = plain
            let kind = try #require(bytes.firstRange(of: Array(name.utf8)))
            let length = bytes[kind.lowerBound - 2..<kind.lowerBound].reduce(0) { $0 << 8 | Int($1) }
            bytes[kind.upperBound + length] ^= 1
            let error = ImageDecoder().refusal(of: bytes)
            #expect(error == .corrupt(.png, name == "IDAT" ? .pixels : .header), "\(name)")
        }
    }

    @Test("A WebP container longer than the file is truncated; a shorter one hides the rest")
    func container() throws {
        var bytes = try Golden.image("lossy.webp")
        bytes[4] &+= 2
        #expect(ImageDecoder().refusal(of: bytes) == .truncated(.webp))
        bytes[4] &-= 2
        #expect(ImageDecoder().refusal(of: bytes + [1, 2, 3]) == nil)
    }

    @Test("Every error has a listed code and says what to do without quoting the payload")
    func words() {
        let errors: [ImageDecodingError] = [
            .empty, .unsupportedFormat(recognised: nil), .tooManyBytes(limit: 1, found: 2),
            .tooLarge(.width, limit: 1, found: 2), .truncated(.png), .corrupt(.jpeg, .pixels),
            .unsupportedVariant(.webp),
        ]
        #expect(errors.map(\.code) == ImageDecodingError.codes)
        for error in errors {
            #expect(error.description.contains("Send") || error.description.contains("ave it"))
        }
    }
}
