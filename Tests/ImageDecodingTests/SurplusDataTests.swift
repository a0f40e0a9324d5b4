// SPDX-License-Identifier: Apache-2.0

import ImageDecoding
import Testing

@Suite("PNG files with more data than pixels")
struct SurplusDataTests {
    @Test("A little is thrown away, a lot is refused before it is unpacked")
    func surplus() throws {
        let decoder = ImageDecoder()
        #expect(try decoder.decode(Self.black(surplus: 0)).width == 16)
        #expect(try decoder.decode(Self.black(surplus: 10_000)).width == 16)
        #expect(decoder.refusal(of: Self.black(surplus: 1_000_000)) == .corrupt(.png, .pixels))
    }

    /// 16 x 16 black pixels and then `surplus` more bytes of data, stored without compression.
    private static func black(surplus: Int) -> [UInt8] {
        let count = 16 * (1 + 3 * 16) + surplus
        var data: [UInt8] = [0x78, 0x01]
        for start in stride(from: 0, to: count, by: 65_535) {
            let length = min(65_535, count - start)
            let (low, high) = (UInt8(length & 255), UInt8(length >> 8))
            data += [start + length == count ? 1 : 0, low, high, ~low, ~high]
            data += Array(repeating: 0, count: length)
        }
        // The Adler sum of zeroes.
        data += Fixtures.big(UInt32(count % 65_521) << 16 | 1)
        let header = Fixtures.big(16) + Fixtures.big(16) + [8, 2, 0, 0, 0]
        let mark: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        return mark + chunk("IHDR", header) + chunk("IDAT", data) + chunk("IEND", [])
    }

    private static func chunk(_ kind: String, _ body: [UInt8]) -> [UInt8] {
        let named = Array(kind.utf8) + body
        var check = UInt32.max
        for byte in named {
            check ^= UInt32(byte)
            for _ in 0..<8 { check = check & 1 == 1 ? check >> 1 ^ 0xEDB8_8320 : check >> 1 }
        }
        return Fixtures.big(UInt32(body.count)) + named + Fixtures.big(~check)
    }
}
