// SPDX-License-Identifier: Apache-2.0

/// Where each key's row is: open addressing over row numbers only, because the rows know their keys.
///
/// Four bytes a slot at a load of at most 3/4: 5.3 to 10.7 bytes a row. Row numbers are below 2^32 - 1.
struct RowMap: Sendable {
    private var slots: [UInt32] = [UInt32](repeating: .max, count: 16)
    private(set) var count = 0

    var bytes: Int { slots.count * MemoryLayout<UInt32>.stride }

    /// The row of `key`, or nil; `keyOf` tells the key of a row that the map holds.
    func row(of key: Int64, keyOf: (Int) -> Int64) -> Int? {
        var slot = home(of: key)
        while slots[slot] != .max {
            if keyOf(Int(slots[slot])) == key { return Int(slots[slot]) }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Adds a key that the map lacks.
    mutating func insert(_ key: Int64, row: Int, keyOf: (Int) -> Int64) {
        if (count + 1) * 4 > slots.count * 3 { grow(keyOf: keyOf) }
        place(UInt32(row), key: key)
        count += 1
    }

    /// Points a key that the map holds at another row.
    mutating func move(_ key: Int64, from: Int, to row: Int) {
        slots[slot(holding: UInt32(from), key: key)] = UInt32(row)
    }

    /// Removes a key that the map holds at `row`; the run of slots behind it moves up.
    mutating func remove(_ key: Int64, row: Int, keyOf: (Int) -> Int64) {
        var hole = slot(holding: UInt32(row), key: key)
        var next = (hole + 1) & (slots.count - 1)
        while slots[next] != .max {
            let start = home(of: keyOf(Int(slots[next])))
            if (next &- start) & (slots.count - 1) >= (next &- hole) & (slots.count - 1) {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & (slots.count - 1)
        }
        slots[hole] = .max
        count -= 1
    }

    /// Makes room for `rows` in all.
    mutating func reserve(_ rows: Int, keyOf: (Int) -> Int64) {
        while rows * 4 > slots.count * 3 { grow(keyOf: keyOf) }
    }

    private mutating func grow(keyOf: (Int) -> Int64) {
        let old = slots
        slots = [UInt32](repeating: .max, count: old.count * 2)
        for row in old where row != .max { place(row, key: keyOf(Int(row))) }
    }

    private mutating func place(_ row: UInt32, key: Int64) {
        var slot = home(of: key)
        while slots[slot] != .max { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = row
    }

    private func slot(holding row: UInt32, key: Int64) -> Int {
        var slot = home(of: key)
        while slots[slot] != row {
            precondition(slots[slot] != .max, "row \(row) of key \(key) is not in the map")
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    /// The first slot to try: the key's bits mixed, so that neither runs of keys nor multiples crowd together.
    private func home(of key: Int64) -> Int {
        var bits = UInt64(bitPattern: key)
        bits = (bits ^ (bits >> 32)) &* 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 29)) &* 0xBF58_476D_1CE4_E5B9
        return Int(truncatingIfNeeded: bits >> 32) & (slots.count - 1)
    }
}
