// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization

/// Threads of their own that do something again and again until they are stopped; none waits for a pool.
final class Crew: Sendable {
    private let isStopped = Mutex(false)
    private let rounds = Mutex(0)
    private let group = DispatchGroup()

    /// Starts `count` threads; each calls `body` with its number and the round, from 0.
    init(_ count: Int, _ body: @escaping @Sendable (_ member: Int, _ round: Int) -> Void) {
        for member in 0..<count {
            group.enter()
            Thread { [self] in
                var round = 0
                while !isStopped.withLock({ $0 }) {
                    body(member, round)
                    round += 1
                    rounds.withLock { $0 += 1 }
                }
                group.leave()
            }.start()
        }
    }

    /// Returns when `body` was called this many times more.
    func wait(rounds more: Int) {
        let goal = rounds.withLock { $0 } + more
        while rounds.withLock({ $0 }) < goal { usleep(500) }
    }

    /// Returns when every thread has ended.
    func stop() {
        isStopped.withLock { $0 = true }
        group.wait()
    }
}
