// SPDX-License-Identifier: Apache-2.0

private import Glibc

/// Owned, aligned, uninitialised room for floats; where it is large, in pages of 2 MiB if the system has them.
///
/// A pass reads all weights once. In pages of 4 KiB it waits for the translation of addresses as soon as they are more
/// than the processor remembers: 64 MiB were read half as fast. Freed by `deinit`; who writes it states his own rule.
package final class LargeFloats: Sendable {
    private let memory: Borrowed<UnsafeMutableBufferPointer<Float>>

    /// Bytes of a large page: smaller room is allocated as usual.
    static let pageBytes = 2 << 20

    /// Room for `count` floats, at least one cache line.
    package init(count: Int) {
        let bytes = max(64, count * MemoryLayout<Float>.stride)
        let isLarge = bytes >= Self.pageBytes
        let rounded = isLarge ? (bytes + Self.pageBytes - 1) / Self.pageBytes * Self.pageBytes : bytes
        let start = UnsafeMutableRawPointer.allocate(byteCount: rounded, alignment: isLarge ? Self.pageBytes : 64)
        // Advice only: where the system has no large pages, nothing changes.
        if isLarge { _ = madvise(start, rounded, MADV_HUGEPAGE) }
        memory = Borrowed(UnsafeMutableBufferPointer(start: start.assumingMemoryBound(to: Float.self), count: count))
    }

    /// The floats, as long as the owner lives.
    package var buffer: UnsafeMutableBufferPointer<Float> { memory.value }

    deinit {
        UnsafeMutableRawPointer(mutating: UnsafeRawPointer(memory.value.baseAddress))?.deallocate()
    }
}
