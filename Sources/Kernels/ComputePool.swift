// SPDX-License-Identifier: Apache-2.0

internal import CKernels
private import Foundation
private import Synchronization

/// A fixed team of threads for data-parallel loops; the calling thread takes part.
///
/// One loop runs at a time: callers on several threads take turns, so many requests do not fight over the cores. Each
/// thread begins with its own part of the items, the same part whenever a loop has as many, so that what it reads and
/// writes is still in its core's cache; it helps the others when it is done.
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
        team = Team(threads: self.threads)
        for index in 1..<max(2, self.threads) where self.threads > 1 {
            let thread = Thread { [team] in
                Self.nameThread("\(name).\(index)")
                team.work(as: index)
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
    /// `body` must not call into the same pool; `count` is below 2^31.
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
/// A generation counter announces a loop. Every thread has a share of its items, one word that says where the share ends
/// and which item is next; whoever adds 1 to a word below its end has drawn an item. The caller waits for items, not for
/// workers: one that is asleep or was put aside by the system costs nothing, the others do its share, and when it comes
/// late it finds the shares drawn. No lock is taken while a loop is handed out.
private final class Team: Sendable {
    typealias Body = @Sendable (Int) -> Void

    private let shares: Shares
    /// Where the loop's body is, on its caller's stack: only who holds an item, and so keeps the caller waiting, may use it.
    private let body = Atomic<UInt>(0)
    private let generation = Atomic<Int>(0)
    private let completed = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let stopped = Atomic<Bool>(false)
    private let alarm = NSCondition()

    /// Spins of a waiting worker before it sleeps: some tens of microseconds.
    private static let patience = 2_000

    init(threads: Int) {
        shares = Shares(count: threads)
    }

    func run(count: Int, _ body: @Sendable (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: body) { deal(count: count, $0) }
        }
    }

    private func deal(count: Int, _ body: UnsafePointer<Body>) {
        completed.store(0, ordering: .relaxed)
        self.body.store(UInt(bitPattern: body), ordering: .relaxed)
        shares.deal(count)
        generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
        wakeSleepers()
        takeItems(as: 0)
        var spins = 0
        while completed.load(ordering: .acquiring) < count {
            spins += 1
            if spins < Self.patience * 4 { facet_spin_hint() } else { sched_yield() }
        }
    }

    func work(as member: Int) {
        var seen = 0
        while true {
            seen = awaitGeneration(after: seen)
            if stopped.load(ordering: .acquiring) { return }
            takeItems(as: member)
        }
    }

    func dismiss() {
        stopped.store(true, ordering: .releasing)
        generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
        wakeSleepers()
    }

    /// Draws items of its own share, then of the others', until there are none.
    private func takeItems(as member: Int) {
        for offset in 0..<shares.count {
            let share = (member + offset) % shares.count
            while let item = shares.draw(from: share) {
                perform(item)
                completed.wrappingAdd(1, ordering: .acquiringAndReleasing)
            }
        }
    }

    /// A call of its own, so that nothing of the body is held when the item is counted as done.
    @inline(never)
    private func perform(_ item: Int) {
        UnsafePointer<Body>(bitPattern: body.load(ordering: .relaxed))?.pointee(item)
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

/// The items of a loop, dealt out in runs, one a thread.
///
/// The end and the next item are one word, so that an item drawn late, when the next loop is already dealt, is an item of
/// that loop and nothing else. Words lie two cache lines apart.
private final class Shares: Sendable {
    let count: Int
    private let words: Borrowed<UnsafeMutablePointer<Atomic<UInt64>>>
    private static let stride = 16

    init(count: Int) {
        self.count = count
        let place = UnsafeMutableRawPointer.allocate(byteCount: count * Self.stride * 8, alignment: 128)
        let words = place.bindMemory(to: Atomic<UInt64>.self, capacity: count * Self.stride)
        for index in 0..<count * Self.stride { (words + index).initialize(to: Atomic(0)) }
        self.words = Borrowed(words)
    }

    deinit {
        words.value.deinitialize(count: count * Self.stride)
        words.value.deallocate()
    }

    /// Share `thread` becomes its part of 0..<items.
    func deal(_ items: Int) {
        precondition(items < 1 << 31, "\(items) items in one loop")
        for thread in 0..<count {
            let (next, end) = (thread * items / count, (thread + 1) * items / count)
            words.value[thread * Self.stride].store(UInt64(end) << 32 | UInt64(next), ordering: .releasing)
        }
    }

    /// The next item of a share; nil when all are drawn.
    func draw(from share: Int) -> Int? {
        let seen = words.value[share * Self.stride].load(ordering: .relaxed)
        guard seen & 0xFFFF_FFFF < seen >> 32 else { return nil }
        let word = words.value[share * Self.stride].wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue
        return word & 0xFFFF_FFFF < word >> 32 ? Int(word & 0xFFFF_FFFF) : nil
    }
}
