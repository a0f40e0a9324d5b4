// SPDX-License-Identifier: Apache-2.0

internal import CVectorScan

/// Up to 256 rows: their floats, their codes and their keys.
///
/// `@unchecked Sendable`: a chunk that more than one owner holds is never written (the index copies it first), and the
/// one owner writes under the index's lock.
final class VectorChunk: @unchecked Sendable {
    static let maximumRows = 256
    static let blockRows = Int(FACET_SCAN_ROWS)

    let layout: VectorLayout
    let capacity: Int
    private(set) var count = 0
    let floats: UnsafeMutablePointer<Float>
    let keys: UnsafeMutablePointer<Int64>
    let blocks: UnsafeMutablePointer<UInt8>

    init(layout: VectorLayout, capacity: Int) {
        precondition(
            capacity % Self.blockRows == 0 && capacity <= Self.maximumRows,
            "a chunk of \(capacity) rows, blocks of \(Self.blockRows)")
        self.layout = layout
        self.capacity = capacity
        floats = .allocate(capacity: capacity * layout.dimensions)
        keys = .allocate(capacity: capacity)
        let bytes = capacity / Self.blockRows * layout.blockBytes + Int(FACET_SCAN_SLACK)
        blocks = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
            .initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }

    deinit {
        floats.deallocate()
        keys.deallocate()
        UnsafeMutableRawPointer(blocks).deallocate()
    }

    /// Bytes held, the object itself aside.
    var bytes: Int {
        capacity * (layout.dimensions * MemoryLayout<Float>.stride + MemoryLayout<Int64>.stride) + capacity
            / Self.blockRows * layout.blockBytes + Int(FACET_SCAN_SLACK)
    }

    /// The same rows with room for `capacity`.
    func copy(capacity: Int) -> VectorChunk {
        let twin = VectorChunk(layout: layout, capacity: capacity)
        twin.floats.update(from: floats, count: count * layout.dimensions)
        twin.keys.update(from: keys, count: count)
        twin.blocks.update(from: blocks, count: (count + Self.blockRows - 1) / Self.blockRows * layout.blockBytes)
        twin.count = count
        return twin
    }

    /// A row's floats.
    func row(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: floats + index * layout.dimensions, count: layout.dimensions)
    }

    /// Writes a row at `index`, which is at most `count`: brings its segments to length 1 and encodes them.
    ///
    /// Returns false when a component is not finite; the row at `index` is then of no use.
    func write(
        _ vector: UnsafePointer<Float>, key: Int64, at index: Int, instructions: ScanInstructions
    ) -> Bool {
        precondition(index <= count && index < capacity, "row \(index) of \(count), room for \(capacity)")
        row(index).baseAddress?.update(from: vector, count: layout.dimensions)
        let block = blocks + index / Self.blockRows * layout.blockBytes
        for (segment, length) in layout.segments.enumerated() {
            let part = UnsafeMutableBufferPointer(
                start: floats + index * layout.dimensions + layout.starts[segment], count: length)
            guard UnitLength.normalise(part) else { return false }
            let header = block + layout.headers[segment]
            let codes =
                block + layout.codesStart + index % Self.blockRows * layout.rowBytes + layout.codeStarts[segment]
            facet_scan_encode(instructions.code, part.baseAddress, length, header, codes, index % Self.blockRows)
            let scales = block + index % Self.blockRows * layout.segments.count * 2
            (scales + segment * 2).update(from: header + index % Self.blockRows * 2, count: 2)
        }
        keys[index] = key
        count = max(count, index + 1)
        return true
    }

    /// Drops the last row.
    func removeLast() {
        precondition(count > 0, "no row of \(capacity) to remove")
        count -= 1
    }
}
