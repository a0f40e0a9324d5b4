// SPDX-License-Identifier: Apache-2.0

internal import ImageDecoding
internal import Testing

@Suite("JPEG files that are written")
struct EncodingTests {
    private func gradient(_ width: Int, _ height: Int) -> RGBImage {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                pixels += [UInt8(255 * x / width), UInt8(255 * y / height), UInt8(255 - 255 * x / width)]
            }
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    private func worst(_ a: RGBImage, _ b: RGBImage) -> Int {
        zip(a.pixels, b.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
    }

    @Test("What is written is read again, the better the higher the quality")
    func roundTrip() throws {
        let source = gradient(70, 45)
        var last = Int.max
        for quality in [10, 50, 95] {
            let bytes = try source.jpeg(quality: quality)
            #expect(bytes.prefix(2) == [0xFF, 0xD8] && bytes.suffix(2) == [0xFF, 0xD9])
            let image = try ImageDecoder().decode(bytes)
            #expect((image.width, image.height) == (70, 45))
            let error = worst(image, source)
            #expect(error < last, "quality \(quality): \(error)")
            last = error
        }
        #expect(last <= 8)
        #expect(try source.jpeg(quality: 100).count > source.jpeg(quality: 1).count)
    }

    @Test("Sizes of a pixel, a line and odd sides survive", arguments: [[1, 1], [1, 33], [300, 1], [17, 9]])
    func sizes(size: [Int]) throws {
        let source = gradient(size[0], size[1])
        let image = try ImageDecoder().decode(try source.jpeg(quality: 90))
        #expect((image.width, image.height) == (size[0], size[1]))
    }

    @Test("A file longer than the first room is complete")
    func grows() throws {
        var state: UInt32 = 1
        let noise = (0..<3 * 200 * 200).map { _ -> UInt8 in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(state >> 24)
        }
        let source = RGBImage(width: 200, height: 200, pixels: noise)
        let bytes = try source.jpeg(quality: 100)
        #expect(bytes.count > 1 << 16)
        let decoded = try ImageDecoder().decode(bytes)
        // The upper and the lower half are equally near: nothing was lost where the room grew.
        let half = noise.count / 2
        func distance(_ range: Range<Int>) -> Double {
            range.reduce(0.0) { $0 + abs(Double(decoded.pixels[$1]) - Double(noise[$1])) } / Double(range.count)
        }
        #expect(abs(distance(0..<half) / distance(half..<noise.count) - 1) < 0.05)
    }

    @Test("A side of 65,500 pixels is written, one more is refused")
    func limit() throws {
        func line(_ width: Int) -> RGBImage {
            RGBImage(width: width, height: 1, pixels: Array(repeating: 9, count: 3 * width))
        }
        #expect(try !line(65_500).jpeg(quality: 50).isEmpty)
        #expect(throws: ImageDecodingError.tooLarge(.width, limit: 65_500, found: 65_501)) {
            try line(65_501).jpeg(quality: 50)
        }
        let column = RGBImage(width: 1, height: 65_501, pixels: Array(repeating: 9, count: 3 * 65_501))
        #expect(throws: ImageDecodingError.tooLarge(.height, limit: 65_500, found: 65_501)) {
            try column.jpeg(quality: 50)
        }
    }
}
