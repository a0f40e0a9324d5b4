// SPDX-License-Identifier: Apache-2.0

import EmbeddingAPI
import Testing

@Suite("NumPy's file format")
struct NPYTests {
    @Test(
        "The header is version 1.0, names the shape and pads to 64 bytes",
        arguments: [(0, 0), (1, 1), (64, 512), (9_999_999, 4096), (Int.max, Int.max)])
    func header(rows: Int, columns: Int) throws {
        let header = NPY.header(rows: rows, columns: columns)
        #expect(header.prefix(8) == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0])
        #expect(header.count % 64 == 0)
        #expect(Int(header[8]) + Int(header[9]) << 8 == header.count - 10)
        #expect(header.last == 0x0A)
        let text = String(decoding: header.dropFirst(10), as: UTF8.self)
        #expect(text.hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"))
        #expect(text.dropFirst(text.count - header.count + 10).allSatisfy { $0.isASCII })
    }

    @Test("Numbers are appended as little-endian float32")
    func numbers() {
        var out: [UInt8] = [7]
        NPY.append([1, -0.5], to: &out)
        #expect(out == [7, 0, 0, 0x80, 0x3F, 0, 0, 0, 0xBF])
    }
}
