// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ImageDecoding
internal import TestSupport
internal import Testing

@Suite struct HostileInputTests {
    static let small = Fixtures.expectations.map(\.name).filter { !$0.hasPrefix("smooth") && $0 != "every_alpha.png" }

    @Test("A file cut at any length is refused, never guessed at", arguments: small)
    func truncation(name: String) throws {
        let bytes = try Fixtures.bytes(name)
        for length in 1..<bytes.count {
            let error = ImageDecoder().refusal(of: Array(bytes[..<length]))
            switch error {
            case .truncated, .corrupt, .unsupportedFormat: continue
            default: Issue.record("\(name) cut to \(length) of \(bytes.count): \(String(describing: error))")
            }
        }
    }

    @Test(
        "A file cut in its second half is called truncated",
        arguments: ["baseline.jpg", "progressive.jpg", "rgb.png", "lossy.webp"])
    func truncationIsNamed(name: String) throws {
        let bytes = try Golden.image(name)
        for length in stride(from: bytes.count / 2, to: bytes.count, by: 97) + [bytes.count - 1, bytes.count - 2] {
            guard case .truncated = ImageDecoder().refusal(of: Array(bytes[..<length])) else {
                Issue.record("\(name) cut to \(length) of \(bytes.count)")
                continue
            }
        }
    }

    @Test("A damaged file gives a typed error or a whole picture", arguments: Golden.images.map(\.lastPathComponent))
    func mutation(name: String) throws {
        let bytes = try Golden.image(name)
        var random = SeededGenerator(seed: UInt64(bytes.count))
        let decoder = ImageDecoder(limits: ImageLimits(width: 2_048, height: 2_048, pixels: 1 << 20))
        for round in 0..<120 {
            let damaged = Self.damaged(bytes, round: round, using: &random)
            let minimum: MinimumSize? = round % 3 == 0 ? .shorterSide(20) : nil
            guard let image = try? decoder.decode(damaged, atLeast: minimum) else { continue }
            #expect(image.pixels.count == 3 * image.width * image.height)
            #expect(image.width <= 2_048 && image.height <= 2_048)
        }
    }

    @Test("Random bytes behind a valid signature are refused")
    func noise() {
        var random = SeededGenerator(seed: 7)
        let starts: [[UInt8]] = [
            [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], [0xFF, 0xD8, 0xFF], Array("RIFF".utf8),
        ]
        for start in starts {
            for _ in 0..<200 {
                let count = Int.random(in: 0..<200, using: &random)
                let bytes = start + (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
                #expect(ImageDecoder().refusal(of: bytes) != nil)
            }
        }
    }

    /// Some bytes changed, a span removed, repeated or zeroed; the header more often than its share.
    private static func damaged(_ bytes: [UInt8], round: Int, using random: inout SeededGenerator) -> [UInt8] {
        var copy = bytes
        let reach = round % 2 == 0 ? min(bytes.count, 200) : bytes.count
        let start = Int.random(in: 0..<reach, using: &random)
        let end = min(bytes.count, start + Int.random(in: 1...24, using: &random))
        switch round % 5 {
        case 0: copy.removeSubrange(start..<end)
        case 1: copy.insert(contentsOf: bytes[start..<end], at: end)
        case 2: copy.replaceSubrange(start..<end, with: repeatElement(0, count: end - start))
        default:
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                copy[Int.random(in: 0..<reach, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
            }
        }
        return copy
    }
}
