// SPDX-License-Identifier: Apache-2.0

private import Synchronization
internal import Tensors

/// Scratch memory that is used again instead of being freed: one area for each thread that needs one at a time.
final class ScratchStore: Sendable {
    private let free = Mutex<[FloatStorage]>([])

    /// Lends `count` uninitialised floats for the time of `body`, which alone uses them.
    func withRoom(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
        var storage = free.withLock { $0.popLast() } ?? FloatStorage(count: count)
        if storage.buffer.count < count { storage = FloatStorage(count: count) }
        if let memory = storage.buffer.baseAddress { body(memory) }
        free.withLock { $0.append(storage) }
    }
}
