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
                Self.nameThread("\(name).\(index)")
                team.work()
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    deinit {
        team.dismiss()
    }

    /// Names the calling thread for `ps` and debuggers.
    ///
    /// Through the kernel's file: `Thread.name` loses a name that is set before the thread's start has returned.
    private static func nameThread(_ name: String) {
        guard let file = fopen("/proc/thread-self/comm", "w") else { return }
        fputs(name, file)
        fclose(file)
    }

    /// Calls `body` once for each of 0..<count, in any order, on all threads; returns when all are done.
    ///
    /// `body` must not call into the same pool.
    package func run(count: Int, _ body: @Sendable (Int) -> Void) {
        guard count > 1, threads > 1 else {
            for index in 0..<max(0, count) { body(index) }
            return
        }
        turn.withLock { _ in team.run(count: count, body) }
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

/// The workers' side of a pool.
///
/// A generation counter announces a loop; a ticket counter, which carries the generation in its upper half, deals out
/// its items. The caller waits for items, not for workers: one that is asleep or was put aside by the system costs
/// nothing, and when it comes late its ticket tells it that the loop is over.
private final class Team: Sendable {
    private typealias Body = @Sendable (Int) -> Void

    /// The loop at hand.
    ///
    /// The body stays on its caller's stack and is only lent: who holds a ticket for one of its items keeps the caller
    /// waiting, and nobody else may use it.
    private struct Loop: Sendable {
        var generation = 0
        var body: Borrowed<UnsafePointer<Body>>?
        var count = 0
    }

    private let loop = Mutex(Loop())
    private let generation = Atomic<Int>(0)
    private let tickets = Atomic<Int>(0)
    private let completed = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let stopped = Atomic<Bool>(false)
    private let alarm = NSCondition()

    /// Spins of a waiting worker before it sleeps: some tens of microseconds.
    private static let patience = 2_000
    private static let generationShift = 32

    func run(count: Int, _ body: @Sendable (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: body) { deal(count: count, Borrowed($0)) }
        }
    }

    private func deal(count: Int, _ body: Borrowed<UnsafePointer<Body>>) {
        let next = (generation.load(ordering: .relaxed) + 1) & 0x3FFF_FFFF
        loop.withLock { $0 = Loop(generation: next, body: body, count: count) }
        completed.store(0, ordering: .relaxed)
        tickets.store(next << Self.generationShift, ordering: .releasing)
        generation.store(next, ordering: .sequentiallyConsistent)
        wakeSleepers()
        takeItems()
        var spins = 0
        while completed.load(ordering: .acquiring) < count {
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
            takeItems()
        }
    }

    func dismiss() {
        stopped.store(true, ordering: .releasing)
        generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
        wakeSleepers()
    }

    /// Draws tickets until one is not for an item.
    ///
    /// A ticket may be of a later loop than the one that was looked up; it then counts for that loop, which cannot end
    /// before the item is done, so looking it up again finds it.
    private func takeItems() {
        var current = loop.withLock { $0 }
        while true {
            let ticket = tickets.wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue
            let drawn = ticket >> Self.generationShift
            if drawn != current.generation { current = loop.withLock { $0 } }
            let item = ticket & 0xFFFF_FFFF
            guard drawn == current.generation, item < current.count, let body = current.body else { return }
            Self.perform(item, body)
            completed.wrappingAdd(1, ordering: .acquiringAndReleasing)
        }
    }

    /// A call of its own, so that nothing of the body is held when the item is counted as done.
    @inline(never)
    private static func perform(_ item: Int, _ body: Borrowed<UnsafePointer<Body>>) {
        body.value.pointee(item)
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
