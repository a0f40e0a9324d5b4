// SPDX-License-Identifier: Apache-2.0

private import Synchronization

/// One place for the packed weights of a whole network, so that small layers share large pages too.
///
/// Room is dealt out in order and returned when the last slice of a block is gone. Any thread may take.
package final class WeightMemory: Sendable {
    private struct Rest {
        let block: LargeFloats
        var used: Int
    }

    private let rest = Mutex<Rest?>(nil)

    /// Floats of a block: room is only reserved, pages are filled when they are first written.
    static let blockCount = 8 << 20

    package init() {}

    /// Uninitialised room for `count` floats, on a cache line of its own.
    func take(_ count: Int) -> WeightSlice {
        let rounded = (count + 15) / 16 * 16
        if rounded > Self.blockCount { return WeightSlice(LargeFloats(count: count), from: 0, count: count) }
        return rest.withLock { rest in
            var current = rest ?? Rest(block: LargeFloats(count: Self.blockCount), used: 0)
            if current.used + rounded > Self.blockCount {
                current = Rest(block: LargeFloats(count: Self.blockCount), used: 0)
            }
            defer { rest = Rest(block: current.block, used: current.used + rounded) }
            return WeightSlice(current.block, from: current.used, count: count)
        }
    }

    /// Room out of `memory`, or of its own where there is none.
    static func take(_ count: Int, from memory: WeightMemory?) -> WeightSlice {
        memory?.take(count) ?? WeightSlice(LargeFloats(count: count), from: 0, count: count)
    }
}

/// A part of a block, which it keeps alive.
struct WeightSlice: Sendable {
    private let block: LargeFloats
    private let first: Int
    let count: Int

    init(_ block: LargeFloats, from first: Int, count: Int) {
        self.block = block
        self.first = first
        self.count = count
    }

    var buffer: UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(rebasing: block.buffer[first..<first + count])
    }
}
