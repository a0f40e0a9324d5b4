// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Foundation
internal import Synchronization

/// Signals to the process as calls, one after the other, on a queue that nothing else uses.
///
/// Without Dispatch's signal sources, which lost one in thousands on Linux: a handler writes the number into a pipe, and
/// a thread of its own reads it. The queue is serial and so has a thread however busy the global queues are. Before the
/// watch is there, and after it, a signal does what it does by default.
package struct SignalWatch: Sendable {
    private let subscription: Subscription

    /// Calls `body` with each of `numbers` that comes after this has returned, for as long as the value lives.
    package init(_ numbers: [Int32], _ body: @escaping @Sendable (_ number: Int32) -> Void) {
        subscription = Subscription(numbers, body)
    }
}

private final class Subscription: Sendable {
    private let numbers: [Int32]

    init(_ numbers: [Int32], _ body: @escaping @Sendable (Int32) -> Void) {
        self.numbers = numbers
        let queue = DispatchQueue(label: "facet.signals", qos: .userInteractive)
        for number in numbers {
            SignalPipe.shared.subscribe(to: number) { queue.async { body(number) } }
            var action = sigaction()
            action.__sigaction_handler.sa_handler = writeNumber
            action.sa_flags = SA_RESTART
            sigaction(number, &action, nil)
        }
    }

    deinit {
        for number in numbers {
            signal(number, SIG_DFL)
            SignalPipe.shared.forget(number)
        }
    }
}

/// The pipe's end that handlers write to; set before the first of them is installed.
private let writeEnd = Atomic<Int32>(-1)

/// The handler.
///
/// Nothing but calls that a handler may make. A full pipe has a stop in it already.
private func writeNumber(_ number: Int32) {
    let saved = errno
    var byte = UInt8(truncatingIfNeeded: number)
    _ = write(writeEnd.load(ordering: .relaxed), &byte, 1)
    errno = saved
}

/// One pipe and one thread for the process.
private final class SignalPipe: Sendable {
    static let shared = SignalPipe()

    private let listeners = Mutex<[Int32: @Sendable () -> Void]>([:])

    private init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "no pipe for signals: errno \(errno)")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        writeEnd.store(ends[1], ordering: .relaxed)
        let readEnd = ends[0]
        Thread.detachNewThread { [self] in
            var number: UInt8 = 0
            while true {
                let count = read(readEnd, &number, 1)
                if count == 1 { listeners.withLock { $0[Int32(number)] }?() }
                if count == 0 || (count < 0 && errno != EINTR) { return }
            }
        }
    }

    func subscribe(to number: Int32, _ body: @escaping @Sendable () -> Void) {
        listeners.withLock { $0[number] = body }
    }

    func forget(_ number: Int32) {
        listeners.withLock { $0[number] = nil }
    }
}
