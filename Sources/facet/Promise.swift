// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Synchronization

/// A value that one thread waits for and another one brings, once.
final class Promise<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let ready = DispatchSemaphore(value: 0)

    func fulfil(_ value: Value) {
        self.value.withLock { $0 = value }
        ready.signal()
    }

    /// The value; blocks until it is there, and may be asked once.
    func wait() -> Value {
        ready.wait()
        guard let value = value.withLock({ $0 }) else { preconditionFailure("signalled without a value") }
        return value
    }
}
