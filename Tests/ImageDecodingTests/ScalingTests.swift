// SPDX-License-Identifier: Apache-2.0

internal import ImageDecoding
internal import TestSupport
internal import Testing

@Suite struct ScalingTests {
    @Test(
        "A JPEG is decoded at the smallest scale that keeps the minimum",
        arguments: [
            (MinimumSize.shorterSide(201), 251, 201), (.shorterSide(101), 251, 201), (.shorterSide(100), 126, 101),
            (.shorterSide(51), 126, 101), (.shorterSide(50), 63, 51), (.shorterSide(25), 32, 26),
            (.shorterSide(1), 32, 26),
            (.longerSide(126), 251, 201), (.longerSide(125), 126, 101), (.longerSide(31), 32, 26),
            (.shorterSide(5_000), 251, 201),
        ])
    func scale(minimum: MinimumSize, width: Int, height: Int) throws {
        let image = try ImageDecoder().decode(Fixtures.bytes("smooth1.jpg"), atLeast: minimum)
        #expect(image.width == width && image.height == height)
        #expect(image.sourceWidth == 251 && image.sourceHeight == 201)
    }

    @Test("A scaled picture says which of its edge samples are partial", arguments: 1...8)
    func extents(orientation: Int) throws {
        let image = try ImageDecoder().decode(Fixtures.bytes("smooth\(orientation).jpg"), atLeast: .shorterSide(50))
        let swapped = orientation >= 5
        #expect(image.width == (swapped ? 51 : 63) && image.height == (swapped ? 63 : 51))
        let wide = swapped ? image.rows : image.columns
        let high = swapped ? image.columns : image.rows
        let reversesWide = [2, 3, 7, 8].contains(orientation)
        let reversesHigh = [3, 4, 6, 7].contains(orientation)
        #expect(wide == (reversesWide ? 0.25..<63 : 0..<62.75))
        #expect(high == (reversesHigh ? 0.75..<51 : 0..<50.25))
    }

    @Test("PNG and WebP are never scaled", arguments: ["rgb.png", "lossy.webp"])
    func unscaled(name: String) throws {
        let image = try ImageDecoder().decode(Golden.image(name), atLeast: .shorterSide(8))
        #expect(image.width == 90 && image.height == 140)
        #expect(image.columns == 0..<90 && image.rows == 0..<140)
    }
}
