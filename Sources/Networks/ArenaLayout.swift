// SPDX-License-Identifier: Apache-2.0

/// The static memory plan: an offset in one arena for every value of a plan, values that are alive at the same time
/// never overlapping.
///
/// Offsets count floats for one image; a batch of n images multiplies them by n. Largest values are placed first, each
/// at the lowest offset where it fits.
struct ArenaLayout: Sendable, Equatable {
    /// Offset by value; the input (value 0) lives outside and has none.
    let offsets: [Int?]
    /// Floats the arena needs for one image.
    let count: Int

    /// When a value is written first and read last, as step indices.
    struct Life: Equatable {
        var first: Int
        var last: Int
        let count: Int

        func overlaps(_ other: Life) -> Bool { first <= other.last && other.first <= last }
    }

    /// Floats between values, so that each starts on a cache line for any batch.
    static let alignment = 16

    init(lives: [Int: Life], values: Int) {
        var offsets = [Int?](repeating: nil, count: values)
        var placed: [(offset: Int, life: Life)] = []
        var end = 0
        for (value, life) in lives.sorted(by: { ($0.value.count, $1.key) > ($1.value.count, $0.key) }) {
            let neighbours = placed.filter { $0.life.overlaps(life) }.sorted { $0.offset < $1.offset }
            var offset = 0
            for neighbour in neighbours where offset + life.count > neighbour.offset {
                offset = max(offset, neighbour.offset + Self.rounded(neighbour.life.count))
            }
            offsets[value] = offset
            placed.append((offset, life))
            end = max(end, offset + Self.rounded(life.count))
        }
        self.offsets = offsets
        count = end
    }

    static func rounded(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }
}
