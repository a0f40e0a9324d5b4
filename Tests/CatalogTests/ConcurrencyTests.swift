// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization
import Testing
import Vectors

import Catalog

struct ConcurrencyTests {
    @Test("Readers during writes see whole items, each of one write, and counts that fit")
    func readers() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        for number in 0..<10 { try store.upsert(Sample.draft(number, thumbnail: 2_000), into: name) }
        let writers = Crew(2) { member, round in
            // Ten items always stand there; each write replaces two of them in one transaction.
            let numbers = [0, 1].map { (member * 1_000 + round) * 10 + ((round + $0) % 10) }
            let drafts = numbers.compactMap { try? Sample.draft($0, id: "item-\($0 % 10)", thumbnail: 2_000) }
            _ = try? store.upsert(drafts, into: name)
        }
        let faults = Mutex<[String]>([])
        let readers = Crew(4) { member, round in
            do {
                let id = try ItemID("item-\(round % 10)")
                let vector = try store.vector(of: id, in: name)
                let page = try store.list(name, limit: 100)
                if vector.count != 8 || page.items.count != 10 { faults.withLock { $0.append("counts") } }
                for item in page.items where item.thumbnailBytes != 2_000 { faults.withLock { $0.append("thumbnail") } }
                guard case .integer(let number) = try page.items[0].metadata.value.value(at: ["number"]),
                    try page.items[0].digest == Sample.draft(Int(number)).digest
                else { return faults.withLock { $0.append("mixed item") } }
            } catch {
                faults.withLock { $0.append("\(error)") }
            }
        }
        readers.wait(rounds: 200)
        writers.wait(rounds: 20)
        readers.stop()
        writers.stop()
        #expect(faults.withLock { $0 } == [])
        #expect(try store.verify().isSound)
    }

    @Test("Long reads leave the short ones their connections")
    func longReads() throws {
        let folder = try CatalogFolder()
        let store = try folder.open { $0.readers = 1 }
        let name = try store.create(Sample.definition()).record.definition.name
        let counts = try store.snapshot { (_) throws(CatalogError) in
            try store.snapshot { (_) throws(CatalogError) in
                try store.upsert(Sample.sound(1), into: name)
                return try store.count(name)
            }
        }
        #expect(counts == 1)
    }

    @Test("Writes beyond the limit on waiting bytes are refused, the others are all written")
    func backpressure() throws {
        let folder = try CatalogFolder()
        let store = try folder.open { $0.limits.waitingBytes = 50_000 }
        let name = try store.create(Sample.definition()).record.definition.name
        let group = DispatchGroup()
        let refused = Mutex(0)
        for number in 0..<300 {
            group.enter()
            store.submitUpsert(try Sample.draft(number, thumbnail: 5_000), into: name) { result in
                if case .failure(let error) = result {
                    #expect(error == .queueFull)
                    refused.withLock { $0 += 1 }
                }
                group.leave()
            }
        }
        group.wait()
        let missing = refused.withLock { $0 }
        #expect(missing > 0 && missing < 300)
        #expect(try store.count(name) == 300 - missing)
        #expect(store.waitingBytes == 0)
    }

    @Test("A completion may be the last to hold the store, and may submit more")
    func lastOwner() throws {
        for _ in 0..<20 {
            let folder = try CatalogFolder()
            let done = DispatchSemaphore(value: 0)
            try Self.submit(to: folder, done)
            done.wait()
            var store: CatalogStore?
            for _ in 0..<500 where store == nil {
                store = try? folder.open()
                if store == nil { usleep(2_000) }
            }
            #expect(try #require(store).count(Sample.name()) == 2)
        }
    }

    /// Leaves a store behind that only its completions hold.
    private static func submit(to folder: CatalogFolder, _ done: DispatchSemaphore) throws {
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        let second = try Sample.draft(2)
        store.submitUpsert(try Sample.draft(1), into: name) { [store] _ in
            store.submitUpsert([second], into: name) { [store] _ in
                _ = store.commitCounts
                done.signal()
            }
        }
    }

    @Test("What was submitted before close is written, what comes after is refused")
    func closing() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        let outcomes = Mutex<[String]>([])
        let drafts = try (0..<50).map { try Sample.draft($0) }
        for draft in drafts {
            store.submitUpsert(draft, into: name) { result in
                outcomes.withLock { $0.append((try? result.get()) == nil ? "refused" : "written") }
            }
        }
        try store.close()
        #expect(outcomes.withLock { $0 } == Array(repeating: "written", count: 50))
        #expect(throws: CatalogError.closed) { try store.upsert(drafts[0], into: name) }
        store.submitDelete([drafts[0].id], from: name) { result in
            #expect(result == .failure(.closed))
            outcomes.withLock { $0.append("refused") }
        }
        #expect(outcomes.withLock { $0.last } == "refused")
        let again = try folder.open()
        #expect(try again.count(name) == 50)
    }
}
