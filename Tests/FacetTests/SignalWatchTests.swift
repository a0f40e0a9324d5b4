// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization
import Testing
import facet

@Suite("Signals")
struct SignalWatchTests {
    @Test("A signal is heard while every thread of the global queues is busy")
    func heardWhileBusy() {
        let heard = DispatchSemaphore(value: 0)
        let watch = SignalWatch([SIGUSR1]) { number in if number == SIGUSR1 { heard.signal() } }
        let isOver = Flag()
        let end = Date(timeIntervalSinceNow: 4)
        for _ in 0..<2 * ProcessInfo.processInfo.activeProcessorCount {
            // Runs rather than sleeps: for threads that sleep Dispatch makes others.
            DispatchQueue.global(qos: .userInitiated).async { while !isOver.isRaised, Date() < end {} }
        }
        kill(getpid(), SIGUSR1)
        #expect(heard.wait(timeout: .now() + 2) == .success)
        isOver.raise()
        withExtendedLifetime(watch) {}
    }

    @Test("Every signal is heard from the moment the watch is there")
    func heardAtOnce() {
        for _ in 0..<50 {
            let heard = DispatchSemaphore(value: 0)
            let watch = SignalWatch([SIGUSR2, SIGWINCH]) { _ in heard.signal() }
            kill(getpid(), SIGUSR2)
            #expect(heard.wait(timeout: .now() + 10) == .success)
            kill(getpid(), SIGWINCH)
            #expect(heard.wait(timeout: .now() + 10) == .success)
            withExtendedLifetime(watch) {}
        }
    }
}

private final class Flag: Sendable {
    private let raised = Atomic<Bool>(false)
    var isRaised: Bool { raised.load(ordering: .relaxed) }
    func raise() { raised.store(true, ordering: .relaxed) }
}
