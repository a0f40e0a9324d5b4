// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import TestSupport
import Testing
import Vectors

import Catalog

struct DurabilityTests {
    /// How often the writing process is killed: 10, or what `FACET_KILL_ROUNDS` says.
    private static let rounds = ProcessInfo.processInfo.environment["FACET_KILL_ROUNDS"].flatMap { Int($0) } ?? 10

    @Test("After kill -9 at any moment every acknowledged write is there, and only whole ones")
    func killed() async throws {
        var generator = SeededGenerator(seed: 42)
        let folder = try CatalogFolder()
        var model: [String: Int] = [:]
        var acknowledged = 0
        for round in 0..<Self.rounds {
            let journal = folder.url.appendingPathComponent("acknowledged-\(round)").path
            let milliseconds = Int.random(in: 0...100, using: &generator)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [
                    path = folder.path as String, journal = journal as String, round = round as Int,
                    milliseconds = milliseconds as Int
                ] in
                try Victim.run(path, journal: journal, round: round, milliseconds: milliseconds)
            }
            acknowledged += try check(folder, journal, round, &model)
        }
        #expect(acknowledged > Self.rounds * 5, "\(acknowledged) writes were acknowledged")
    }

    /// Compares each thread's items with its plan: what was acknowledged, and perhaps the one write after it.
    private func check(
        _ folder: CatalogFolder, _ journal: String, _ round: Int, _ model: inout [String: Int]
    ) throws -> Int {
        let store = try folder.open()
        defer { try? store.close() }
        #expect(try store.verify().problems == [])
        let acknowledged = (try? Data(contentsOf: URL(fileURLWithPath: journal))) ?? Data()
        let actual = try contents(store)
        for thread in 0..<VictimPlan.threads {
            let count = acknowledged.count { $0 == UInt8(thread) }
            var plan = VictimPlan(round: round, thread: thread)
            for _ in 0..<count { plan.next().apply(to: &model) }
            var perhaps = model
            plan.next().apply(to: &perhaps)
            let owned = { (key: String, _: Int) in key.hasPrefix("\(thread)-") }
            let found = actual.filter(owned)
            #expect(
                found == model.filter(owned) || found == perhaps.filter(owned), "round \(round), thread \(thread)")
        }
        model = actual
        return acknowledged.count
    }

    /// The number that each item was made of, after a look at all of its parts.
    private func contents(_ store: CatalogStore) throws -> [String: Int] {
        guard let name = try store.collections().first?.definition.name else { return [:] }
        var found: [String: Int] = [:]
        for item in try store.list(name, limit: 10_000).items {
            guard case .integer(let number) = try item.metadata.value.value(at: ["number"]) else { continue }
            let draft = try Sample.draft(Int(number), id: item.id.text, thumbnail: 3_000)
            #expect(try store.vector(of: item.id, in: name) == draft.vector)
            #expect(try store.thumbnail(of: item.id, in: name) == draft.thumbnail)
            #expect(item.digest == draft.digest)
            found[item.id.text] = Int(number)
        }
        #expect(try store.streamed(name).count == found.count)
        return found
    }
}

/// What one thread of one round writes, in order; the same whenever it is asked.
private struct VictimPlan {
    static let threads = 4

    enum Step {
        case upsert([(id: String, number: Int)])
        case delete(String)

        func apply(to model: inout [String: Int]) {
            switch self {
            case .upsert(let items): for item in items { model[item.id] = item.number }
            case .delete(let id): model[id] = nil
            }
        }
    }

    private let thread: Int
    private var number: Int
    private var generator: SeededGenerator

    init(round: Int, thread: Int) {
        self.thread = thread
        number = (round * Self.threads + thread) * 100_000
        generator = SeededGenerator(seed: UInt64(number))
    }

    mutating func next() -> Step {
        let key = Int.random(in: 0..<20, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: return .delete("\(thread)-\(key)")
        case 1: return .upsert((0..<6).map { item(key + $0 * 3) })
        default: return .upsert([item(key)])
        }
    }

    private mutating func item(_ key: Int) -> (id: String, number: Int) {
        number += 1
        return ("\(thread)-\(key)", number)
    }
}

/// The process that is killed: threads that write, and one that pulls the trigger.
private enum Victim {
    static func run(_ path: String, journal: String, round: Int, milliseconds: Int) throws {
        let descriptor = open(journal, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        // In some rounds the moment may come while the file is opened.
        if round % 4 == 3 { pullTrigger(after: milliseconds / 4) }
        let store = try CatalogStore(CatalogConfiguration(path: path))
        let name = try store.create(Sample.definition()).record.definition.name
        pullTrigger(after: milliseconds)
        let threads = (0..<VictimPlan.threads).map { thread in
            Thread {
                var plan = VictimPlan(round: round, thread: thread)
                while take(plan.next(), store, name) {
                    var mark = UInt8(thread)
                    _ = write(descriptor, &mark, 1)
                }
            }
        }
        for thread in threads { thread.start() }
        sleep(60)
    }

    private static func pullTrigger(after milliseconds: Int) {
        Thread {
            usleep(UInt32(milliseconds) * 1_000)
            kill(getpid(), SIGKILL)
        }.start()
    }

    /// Whether the step was acknowledged as a whole.
    private static func take(_ step: VictimPlan.Step, _ store: CatalogStore, _ name: CollectionName) -> Bool {
        do {
            switch step {
            case .delete(let id): _ = try store.delete([ItemID(id)], from: name)
            case .upsert(let items):
                let drafts = try items.map { try Sample.draft($0.number, id: $0.id, thumbnail: 3_000) }
                for result in try store.upsert(drafts, into: name) { _ = try result.get() }
            }
            return true
        } catch {
            return false
        }
    }
}
