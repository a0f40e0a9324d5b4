// SPDX-License-Identifier: Apache-2.0

/// Owned, 64-byte aligned, uninitialised room for floats.
///
/// `@unchecked Sendable`: the memory is freed once, by `deinit`; `Tensor` writes it only while it holds the sole
/// reference, and other owners state their own rule.
package final class FloatStorage: @unchecked Sendable {
    package let buffer: UnsafeMutableBufferPointer<Float>

    /// Room for `count` floats, at least one cache line.
    package init(count: Int) {
        let bytes = max(64, count * MemoryLayout<Float>.stride)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        buffer = UnsafeMutableBufferPointer(start: memory.assumingMemoryBound(to: Float.self), count: count)
    }

    convenience init(copying other: FloatStorage) {
        self.init(count: other.buffer.count)
        _ = buffer.initialize(from: other.buffer)
    }

    deinit {
        UnsafeMutableRawPointer(mutating: UnsafeRawPointer(buffer.baseAddress))?.deallocate()
    }
}
