// SPDX-License-Identifier: Apache-2.0

/// NumPy's file format, version 1.0 (NEP 1), for one little-endian float32 array in C order.
package enum NPY {
    /// What precedes the numbers of an array [rows, columns]; its length is a multiple of 64.
    package static func header(rows: Int, columns: Int) -> [UInt8] {
        precondition(rows >= 0 && columns >= 0, "an array of \(rows) x \(columns)")
        let magic: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
        let unpadded = magic.count + 2 + text.utf8.count + 1
        let padding = (64 - unpadded % 64) % 64
        // Two numbers of at most 19 digits: the length stays far below what its two bytes hold.
        let length = UInt16(text.utf8.count + padding + 1)
        return magic + [UInt8(length & 255), UInt8(length >> 8)] + Array(text.utf8)
            + [UInt8](repeating: 0x20, count: padding) + [0x0A]
    }

    /// Appends `values` as little-endian float32.
    package static func append(_ values: [Float], to out: inout [UInt8]) {
        #if _endian(little)
            values.withUnsafeBytes { out.append(contentsOf: $0) }
        #else
            for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { out.append(contentsOf: $0) } }
        #endif
    }
}
