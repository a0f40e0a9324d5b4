// SPDX-License-Identifier: Apache-2.0

internal import ImageDecoding
internal import Testing

@Suite struct ReferencePixelTests {
    @Test("Every kind of file gives exactly the pixels that Pillow reads", arguments: Fixtures.expectations)
    func pixels(_ expected: Fixtures.Expectation) throws {
        let image = try ImageDecoder().decode(Fixtures.bytes(expected.name))
        #expect(image.width == expected.width && image.height == expected.height)
        #expect(image.sourceWidth == image.width && image.sourceHeight == image.height)
        #expect(Fixtures.hash(image.pixels) == expected.hash)
    }

    @Test("There are fixtures of every format")
    func presence() {
        for ending in [".png", ".jpg", ".webp"] {
            #expect(Fixtures.expectations.contains { $0.name.hasSuffix(ending) })
        }
    }

    @Test("The header alone has the size and orientation of the decoded picture", arguments: Fixtures.expectations)
    func headers(_ expected: Fixtures.Expectation) throws {
        let header = try ImageDecoder().header(of: Fixtures.bytes(expected.name))
        #expect(header.width == expected.width && header.height == expected.height)
        let digit = expected.name.hasPrefix("orientation") ? expected.name.dropFirst(11).first?.wholeNumberValue : nil
        if let digit { #expect(header.orientation == (digit == 9 ? 1 : digit)) }
    }

    @Test("Every alpha over every value composites on white to the nearest level")
    func compositing() throws {
        let image = try ImageDecoder().decode(Fixtures.bytes("every_alpha.png"))
        for alpha in 0..<256 {
            for value in 0..<256 {
                let exact = Double(value * alpha + 255 * (255 - alpha)) / 255
                #expect(abs(Double(image.pixels[3 * (256 * alpha + value)]) - exact) <= 0.5)
            }
        }
    }
}
