// SPDX-License-Identifier: Apache-2.0

/// Some rows of one state of the index, as bits: 16 for each block of the scan, which passes over blocks without any.
///
/// `@unchecked Sendable`: filled by the one who makes it, and only read from then on.
final class RowSet: @unchecked Sendable {
    let words: UnsafeMutablePointer<UInt16>
    /// Rows in the set.
    private(set) var count = 0

    /// No rows out of `count`.
    init(count: Int) {
        let blocks = (count + VectorChunk.blockRows - 1) / VectorChunk.blockRows
        words = .allocate(capacity: max(1, blocks))
        words.initialize(repeating: 0, count: max(1, blocks))
    }

    deinit {
        words.deallocate()
    }

    func insert(_ row: Int) {
        let bit: UInt16 = 1 << UInt16(row % VectorChunk.blockRows)
        if words[row / VectorChunk.blockRows] & bit == 0 { count += 1 }
        words[row / VectorChunk.blockRows] |= bit
    }
}
