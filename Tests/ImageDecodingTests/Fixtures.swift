// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ImageDecoding
internal import Testing

/// The files of Fixtures/make_fixtures.py.
enum Fixtures {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")

    /// A line of expected.txt: what Pillow reads from a file.
    struct Expectation: Sendable, CustomTestStringConvertible {
        let name: String
        let width: Int
        let height: Int
        let hash: String

        var testDescription: String { name }
    }

    static let expectations: [Expectation] = {
        let text = (try? String(contentsOf: folder.appendingPathComponent("expected.txt"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 4, let width = Int(words[1]), let height = Int(words[2]) else { return nil }
            return Expectation(name: words[0], width: width, height: height, hash: words[3])
        }
    }()

    static func bytes(_ name: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: folder.appendingPathComponent(name)))
    }

    /// FNV-1a, 64 bits, in hexadecimal.
    static func hash(_ bytes: [UInt8]) -> String {
        let value = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The start of a PNG file: signature and IHDR for 8-bit RGB, with no valid checksum.
    static func pngStart(width: UInt32, height: UInt32) -> [UInt8] {
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + big(13) + Array("IHDR".utf8) + big(width) + big(height)
            + [8, 2, 0, 0, 0] + big(0)
    }

    static func big(_ value: UInt32) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}

extension ImageDecoder {
    /// The error of decoding; nil when an image came out.
    func refusal(of bytes: [UInt8]) -> ImageDecodingError? {
        do throws(ImageDecodingError) {
            _ = try decode(bytes)
            return nil
        } catch {
            return error
        }
    }
}
