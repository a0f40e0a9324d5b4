// SPDX-License-Identifier: Apache-2.0

private import Synchronization

/// Working memory that the pieces of a kernel borrow: the one returned last comes first, as it is still in the cache.
///
/// Any thread may borrow; there are never more buffers than pieces that ran at the same time.
package final class KernelScratch: Sendable {
    private let free = Mutex<[LargeFloats]>([])

    package init() {}

    /// Lends `count` uninitialised floats to `body`.
    func withFloats(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
        let kept = free.withLock { $0.popLast() }
        let floats = kept.flatMap { $0.buffer.count >= count ? $0 : nil } ?? LargeFloats(count: count)
        if let start = floats.buffer.baseAddress { body(start) }
        free.withLock { $0.append(floats) }
    }
}
