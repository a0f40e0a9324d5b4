// SPDX-License-Identifier: Apache-2.0

internal import CLinux
private import Glibc
internal import Synchronization

/// What other threads tell an event loop, and the eventfd that wakes it.
///
/// The eventfd lives in the lock with the messages: once the loop has closed the box, a late reply finds it closed
/// instead of writing to a descriptor that may be another file by then.
final class Mailbox: Sendable {
    enum Message: Sendable {
        /// A handler's response; nil when the handler forgot the request.
        case reply(ConnectionID, HTTPResponse?)
        /// An accepted socket to take care of.
        case adopt(Int32)
        /// Answer what is in flight, close what is not, and end by the given time.
        case drain(deadline: Int)
        case stop
    }

    private struct State {
        var messages: [Message] = []
        var isOpen = true
    }

    private let state = Mutex(State())
    /// Readable when there are messages.
    let wakeup: Int32
    /// Connections the loop has or will have; the acceptor picks the loop with the fewest.
    let load = Atomic<Int>(0)

    init() throws(HTTPServerError) {
        wakeup = try SystemCall.require("eventfd", "an event loop") {
            eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        }
    }

    /// Leaves a message and wakes the loop if it may be asleep; false when the loop has ended.
    @discardableResult
    func post(_ message: Message) -> Bool {
        state.withLock { state in
            guard state.isOpen else { return false }
            state.messages.append(message)
            if state.messages.count == 1 { eventfd_write(wakeup, 1) }
            return true
        }
    }

    /// Empties the box; the loop calls this after the eventfd became readable.
    func take() -> [Message] {
        state.withLock { state in
            var count: eventfd_t = 0
            eventfd_read(wakeup, &count)
            return Self.empty(&state)
        }
    }

    /// Closes the box for good and gives what was left in it.
    func close() -> [Message] {
        state.withLock { state in
            if state.isOpen { CLinux.close(wakeup) }
            state.isOpen = false
            return Self.empty(&state)
        }
    }

    private static func empty(_ state: inout State) -> [Message] {
        defer { state.messages = [] }
        return state.messages
    }
}
