// SPDX-License-Identifier: Apache-2.0

private import Dispatch
private import Synchronization

/// First-in-first-out jobs on at most `width` threads of a named Dispatch queue; idle lanes hold no thread.
///
/// Jobs may block and compute: they never run on Swift's cooperative pool.
final class WorkLane: Sendable {
    private typealias Job = @Sendable () -> Void

    private struct State {
        var waiting: [Job] = []
        var running = 0
    }

    private let width: Int
    private let queue: DispatchQueue
    private let state = Mutex(State())

    init(name: String, width: Int) {
        self.width = max(1, width)
        queue = DispatchQueue(label: name, qos: .userInitiated, attributes: .concurrent)
    }

    func submit(_ job: @escaping @Sendable () -> Void) {
        let start = state.withLock { state -> Bool in
            state.waiting.append(job)
            guard state.running < width else { return false }
            state.running += 1
            return true
        }
        if start { queue.async { self.drain() } }
    }

    private func drain() {
        while let job = next() { job() }
    }

    private func next() -> Job? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}
