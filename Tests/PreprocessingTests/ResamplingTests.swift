// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ImageDecoding
internal import Preprocessing
internal import Tensors
internal import TestSupport
internal import Testing

@Suite struct ResamplingTests {
    /// A line of Fixtures/resampling.txt.
    struct Case: Sendable, CustomTestStringConvertible {
        let width: Int
        let height: Int
        let size: Int
        let resize: Preprocessing.Resize
        let hash: String

        var testDescription: String { "\(width)x\(height) to \(size) \(resize.rawValue)" }
    }

    static let cases: [Case] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/resampling.txt")
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 5, let width = Int(words[0]), let height = Int(words[1]), let size = Int(words[2]),
                let resize = Preprocessing.Resize(rawValue: words[3])
            else { return nil }
            return Case(width: width, height: height, size: size, resize: resize, hash: words[4])
        }
    }()

    /// The pseudo-random image that make_fixtures.py draws for this size.
    static func image(width: Int, height: Int) -> RGBImage {
        var random = SeededGenerator(seed: UInt64(width * 65_536 + height))
        var pixels: [UInt8] = []
        while pixels.count < 3 * width * height {
            withUnsafeBytes(of: random.next().littleEndian) { pixels.append(contentsOf: $0) }
        }
        pixels.removeLast(pixels.count - 3 * width * height)
        if (width + height) % 2 == 1 { pixels = pixels.map { $0 > 127 ? 255 : 0 } }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    @Test("Resizing is Pillow's, bit for bit, at every shape", arguments: cases)
    func bits(_ expected: Case) throws {
        let plain = try Preprocessing(size: expected.size, resize: expected.resize, mean: [0, 0, 0], std: [1, 1, 1])
        let tensor = plain.prepare(Self.image(width: expected.width, height: expected.height))
        let hash = tensor.values.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, value in
            (hash ^ UInt64((value * 255).rounded())) &* 0x100_0000_01b3
        }
        #expect(hash == UInt64(expected.hash, radix: 16))
    }

    @Test("All lines of the fixture are read")
    func presence() {
        #expect(Self.cases.count == 90)
    }

    @Test("A crop of the longest possible strip needs no memory for what it discards")
    func strip() throws {
        let settings = try Preprocessing(size: 224, resize: .crop, mean: [0, 0, 0], std: [1, 1, 1])
        let pixels = [UInt8](repeating: 51, count: 3 * 16_384)
        for image in [
            RGBImage(width: 16_384, height: 1, pixels: pixels), RGBImage(width: 1, height: 16_384, pixels: pixels),
        ] {
            #expect(settings.prepare(image).values.allSatisfy { $0 == Float(51) / 255 })
        }
    }
}
