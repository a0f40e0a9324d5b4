// SPDX-License-Identifier: Apache-2.0

/// One bit for each place of a list of rows.
struct RowBits: Sendable, Equatable {
    private(set) var words: [UInt64]
    private(set) var count: Int

    init(count: Int, all: Bool) {
        self.count = count
        words = [UInt64](repeating: all ? .max : 0, count: (count + 63) / 64)
    }

    /// The places whose code is true in `table`.
    init(_ codes: [UInt32], in table: [Bool]) {
        count = codes.count
        words = [UInt64](unsafeUninitializedCapacity: (codes.count + 63) / 64) { words, filled in
            for word in 0..<(codes.count + 63) / 64 {
                var bits: UInt64 = 0
                for place in word * 64..<min(word * 64 + 64, codes.count) {
                    bits |= (table[Int(codes[place])] ? 1 : 0) << UInt64(place & 63)
                }
                words[word] = bits
            }
            filled = (codes.count + 63) / 64
        }
    }

    mutating func formIntersection(_ other: RowBits) {
        for word in words.indices { words[word] &= other.words[word] }
    }

    mutating func formUnion(_ other: RowBits) {
        for word in words.indices { words[word] |= other.words[word] }
    }

    /// Places beyond ``count`` may be set afterwards; an intersection with what is there clears them.
    mutating func invert() {
        for word in words.indices { words[word] = ~words[word] }
    }

    mutating func set(_ place: Int, _ isSet: Bool) {
        let bit = UInt64(1) << UInt64(place & 63)
        if isSet { words[place >> 6] |= bit } else { words[place >> 6] &= ~bit }
    }

    /// Adds a place at the end.
    mutating func append(_ isSet: Bool) {
        if count & 63 == 0 { words.append(0) }
        count += 1
        set(count - 1, isSet)
    }

    /// Calls `body` with every place that is set, ascending.
    func forEach(_ body: (Int) -> Void) {
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                body(index * 64 + rest.trailingZeroBitCount)
                rest &= rest &- 1
            }
        }
    }

    var population: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
}
