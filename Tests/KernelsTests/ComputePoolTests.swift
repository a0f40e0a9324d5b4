// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernels
import Synchronization
import Testing

@Suite("The compute pool")
struct ComputePoolTests {
    @Test("Every item of every loop is done exactly once", arguments: [1, 2, 5])
    func everyItemOnce(threads: Int) {
        let pool = ComputePool(threads: threads)
        for count in [0, 1, 2, 7, 100] {
            for _ in 0..<50 {
                let done = Mutex([Int](repeating: 0, count: count))
                pool.run(count: count) { item in done.withLock { $0[item] += 1 } }
                #expect(done.withLock { $0 } == Array(repeating: 1, count: count))
            }
        }
    }

    @Test("Loops from several threads take turns and all finish")
    func severalCallers() {
        let pool = ComputePool(threads: 3)
        let total = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<100 { pool.run(count: 10) { total.wrappingAdd($0, ordering: .relaxed) } }
        }
        #expect(total.load(ordering: .relaxed) == 8 * 100 * 45)
    }

    @Test("A loop ends though workers are late, and late workers do the next loop's items, not the last one's")
    func lateWorkers() {
        let pool = ComputePool(threads: 8)
        for round in 0..<300 {
            let done = Mutex([Int](repeating: 0, count: 2 + round % 5))
            pool.run(count: 2 + round % 5) { item in
                if item == 0 { sched_yield() }
                done.withLock { $0[item] += 1 }
            }
            #expect(done.withLock { $0.allSatisfy { $0 == 1 } })
        }
    }

    @Test("Workers that fell asleep wake for the next loop")
    func sleepersWake() {
        let pool = ComputePool(threads: 4)
        let total = Atomic<Int>(0)
        for _ in 0..<20 {
            usleep(3000)
            pool.run(count: 16) { _ in total.wrappingAdd(1, ordering: .relaxed) }
        }
        #expect(total.load(ordering: .relaxed) == 320)
    }

    @Test("An idle pool uses no processor time and a released one ends its threads")
    func idlePool() throws {
        do {
            let pool = ComputePool(threads: 4, name: "idle.pool")
            pool.run(count: 8) { _ in }
            for _ in 0..<1000 where ticks(ofThreadsNamed: "idle.pool").count < 3 { usleep(5000) }
            usleep(100_000)
            let before = ticks(ofThreadsNamed: "idle.pool")
            usleep(300_000)
            #expect(before.count == 3)
            #expect(ticks(ofThreadsNamed: "idle.pool").reduce(0, +) <= before.reduce(0, +) + 1)
            withExtendedLifetime(pool) {}
        }
        for _ in 0..<400 where !ticks(ofThreadsNamed: "idle.pool").isEmpty { usleep(5000) }
        #expect(ticks(ofThreadsNamed: "idle.pool").isEmpty)
    }

    /// Processor time in ticks of 10 ms of every thread of this process with that name.
    private func ticks(ofThreadsNamed name: String) -> [Int] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return tasks.compactMap { task in
            guard let line = try? String(contentsOfFile: "/proc/self/task/\(task)/stat", encoding: .utf8),
                line.contains("(\(name)"), let end = line.lastIndex(of: ")")
            else { return nil }
            let fields = line[end...].split(separator: " ")
            return (Int(fields[12]) ?? 0) + (Int(fields[13]) ?? 0)
        }
    }
}
