// SPDX-License-Identifier: Apache-2.0

internal import CKernels
private import Foundation
private import Synchronization

/// A fixed team of threads for data-parallel loops; the calling thread takes part.
///
/// One loop runs at a time: callers on several threads take turns, so many requests do not fight over the cores.
/// Workers spin for some microseconds after a loop, because the next layer follows at once, and then sleep: an idle
/// pool costs nothing. Threads end when the pool is released.
package final class ComputePool: Sendable {
    /// Threads that work on a loop, the caller included.
    package let threads: Int
    private let team: Team
    private let turn = Mutex(())

    /// A pool of `threads`, by default one for every active core; its threads carry `name` and a number.
    package init(threads: Int = ProcessInfo.processInfo.activeProcessorCount, name: String = "facet.compute") {
        self.threads = max(1, threads)
        team = Team()
        for index in 1..<max(2, self.threads) where self.threads > 1 {
            let thread = Thread { [team] in
                Thread.current.name = "\(name).\(index)"
                team.work()
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    deinit {
        team.dismiss()
    }

    /// Calls `body` once for each of 0..<count, in any order, on all threads; returns when all are done.
    ///
    /// `body` must not call into the same pool.
    package func run(count: Int, _ body: @Sendable (Int) -> Void) {
        guard count > 1, threads > 1 else {
            for index in 0..<max(0, count) { body(index) }
            return
        }
        turn.withLock { _ in team.run(count: count, helpers: threads - 1, body) }
    }

    /// Runs on `pool`, or as a plain loop when there is none.
    package static func run(on pool: ComputePool?, count: Int, _ body: @Sendable (Int) -> Void) {
        guard let pool else {
            for index in 0..<max(0, count) { body(index) }
            return
        }
        pool.run(count: count, body)
    }
}

/// The workers' side of a pool: a generation counter announces a loop, an index counter deals out its items.
private final class Team: Sendable {
    private typealias Body = @Sendable (Int) -> Void

    /// The loop at hand.
    ///
    /// The body stays on its caller's stack and is only lent: a worker that kept a copy of it, even for the blink after
    /// it reports back, would let it escape.
    private struct Loop: Sendable {
        var body: Borrowed<UnsafePointer<Body>>?
        var count = 0
    }

    private let loop = Mutex(Loop())
    private let generation = Atomic<Int>(0)
    private let next = Atomic<Int>(0)
    private let pending = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let stopped = Atomic<Bool>(false)
    private let alarm = NSCondition()

    /// Spins of a waiting worker before it sleeps: some tens of microseconds.
    private static let patience = 2_000

    func run(count: Int, helpers: Int, _ body: @Sendable (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: body) { deal(count: count, helpers: helpers, $0) }
        }
    }

    private func deal(count: Int, helpers: Int, _ body: UnsafePointer<Body>) {
        let lent = Borrowed(body)
        loop.withLock { $0 = Loop(body: lent, count: count) }
        next.store(0, ordering: .relaxed)
        pending.store(helpers, ordering: .relaxed)
        generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
        wakeSleepers()
        takeItems(count: count, lent)
        var spins = 0
        while pending.load(ordering: .acquiring) > 0 {
            spins += 1
            if spins < Self.patience * 4 { facet_spin_hint() } else { sched_yield() }
        }
        loop.withLock { $0.body = nil }
    }

    func work() {
        var seen = 0
        while true {
            seen = awaitGeneration(after: seen)
            if stopped.load(ordering: .acquiring) { return }
            let current = loop.withLock { $0 }
            if let body = current.body { takeItems(count: current.count, body) }
            pending.wrappingSubtract(1, ordering: .releasing)
        }
    }

    func dismiss() {
        stopped.store(true, ordering: .releasing)
        generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
        wakeSleepers()
    }

    private func takeItems(count: Int, _ body: Borrowed<UnsafePointer<Body>>) {
        while true {
            let item = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard item < count else { return }
            body.value.pointee(item)
        }
    }

    private func awaitGeneration(after seen: Int) -> Int {
        for _ in 0..<Self.patience {
            let current = generation.load(ordering: .acquiring)
            if current != seen { return current }
            facet_spin_hint()
        }
        return sleepUntilGeneration(after: seen)
    }

    /// Sleeps until the generation changes.
    ///
    /// The count of sleepers goes up before the generation is read, and an announcement changes the generation before it
    /// reads the count: one of the two always sees the other.
    private func sleepUntilGeneration(after seen: Int) -> Int {
        alarm.lock()
        defer { alarm.unlock() }
        sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
        defer { sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent) }
        while true {
            let current = generation.load(ordering: .sequentiallyConsistent)
            if current != seen { return current }
            alarm.wait()
        }
    }

    private func wakeSleepers() {
        guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
        alarm.lock()
        alarm.broadcast()
        alarm.unlock()
    }
}
