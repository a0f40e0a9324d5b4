// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization
import Testing
import TestSupport
import Vectors

import Catalog

func waitAMoment() throws {
    Thread.sleep(forTimeInterval: 0.02)
}

struct FollowingTests {
    /// What a search's table does with a snapshot and the commits after it.
    private final class Follower: Sendable {
        let table = Mutex<[Int64: [UInt8]]>([:])
        /// Rows that were upserted as they already stood, or deleted without being there: changes lost or doubled.
        let oddities = Mutex(0)

        func apply(_ commit: CatalogCommit) {
            table.withLock { table in
                for change in commit.changes {
                    switch change {
                    case .upserted(_, let item, let vector): note(table.updateValue(vector, forKey: item.row) == vector)
                    case .deleted(_, let row): note(table.removeValue(forKey: row) == nil)
                    case .collectionDeleted: table = [:]
                    case .collectionCreated, .collectionRenamed: break
                    }
                }
            }
        }

        private func note(_ isOdd: Bool) {
            if isOdd { oddities.withLock { $0 += 1 } }
        }

        func load(_ snapshot: CatalogSnapshot, _ name: CollectionName) throws(CatalogError) {
            try snapshot.vectors(of: snapshot.collection(name)) { row, bytes throws(CatalogError) in
                table.withLock { $0[row] = Array(bytes) }
            }
        }
    }

    /// Upserts and deletes of a few ids from four threads; every upsert has a vector of its own.
    private func writers(_ store: CatalogStore, _ name: CollectionName) -> Crew {
        Crew(4) { member, round in
            var generator = SeededGenerator(seed: UInt64(member * 1_000_000 + round))
            guard let id = try? ItemID("item-\(Int.random(in: 0..<40, using: &generator))") else { return }
            if Int.random(in: 0..<3, using: &generator) == 0 {
                _ = try? store.delete([id], from: name)
            } else if let draft = try? Sample.draft(member * 1_000_000 + round, id: id.text) {
                _ = try? store.upsert(draft, into: name)
            }
        }
    }

    @Test("Followers that begin while others write have the file's vectors, with no change lost or doubled")
    func following() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        _ = try store.create(Sample.definition())
        let name = try Sample.name()
        let crew = writers(store, name)
        var followers: [Follower] = []
        var beginnings: Set<Int> = []
        for _ in 0..<12 {
            crew.wait(rounds: 10)
            let follower = Follower()
            let commit = try store.follow { (snapshot) throws(CatalogError) in
                try follower.load(snapshot, name)
                crew.wait(rounds: 10)
                return snapshot.commit
            } apply: {
                follower.apply($0)
            }.loaded
            beginnings.insert(commit)
            followers.append(follower)
        }
        crew.stop()
        let expected = try store.streamed(name)
        for follower in followers {
            #expect(follower.table.withLock { $0 } == expected)
            #expect(follower.oddities.withLock { $0 } == 0)
        }
        #expect(beginnings.count == 12, "the followers began at \(beginnings)")
        #expect(try store.count(name) == expected.count && store.verify().isSound)
    }

    @Test("A cancelled follower hears no more, one whose load failed never does")
    func cancelling() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        let heard = Mutex(0)
        let following = try store.follow {
            $0.collections.count
        } apply: { _ in
            heard.withLock { $0 += 1 }
        }
        #expect(following.loaded == 1)
        #expect(throws: CatalogError.noSuchCollection) {
            try store.follow { (snapshot) throws(CatalogError) in
                try snapshot.collection(CollectionName("other")).items
            } apply: { _ in
                heard.withLock { $0 += 100 }
            }
        }
        try store.upsert(Sample.draft(1), into: name)
        #expect(heard.withLock { $0 } == 1)
        following.observation.cancel()
        try store.upsert(Sample.draft(2), into: name)
        #expect(heard.withLock { $0 } == 1)
    }

    @Test("A snapshot shows one state in vectors, items and counts while others write")
    func snapshots() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        let crew = writers(store, name)
        for _ in 0..<20 {
            let (rows, items, count) = try store.snapshot { (snapshot) throws(CatalogError) in
                let record = try snapshot.collection(name)
                var rows: [Int64] = []
                try snapshot.vectors(of: record) { row, _ throws(CatalogError) in rows.append(row) }
                crew.wait(rounds: 10)
                var items: [Int64] = []
                try snapshot.items(of: record) { (item) throws(CatalogError) in items.append(item.row) }
                return (rows, items, record.items)
            }
            #expect(rows == items && rows.count == count)
        }
        crew.stop()
    }

    @Test("A change is observed before its write is acknowledged, refused writes never")
    func order() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let record = try store.create(Sample.definition()).record
        let events = Mutex<[String]>([])
        _ = store.observe { commit in events.withLock { $0.append("\(commit.changes.count) changes") } }
        let done = DispatchSemaphore(value: 0)
        store.submitUpsert(try Sample.draft(1), into: record.definition.name) { result in
            events.withLock { $0.append((try? result.get()) == nil ? "refused" : "acknowledged") }
            done.signal()
        }
        done.wait()
        var bad = try Sample.draft(2)
        bad.vector = []
        store.submitUpsert(bad, into: record.definition.name) { _ in
            events.withLock { $0.append("refused") }
            done.signal()
        }
        done.wait()
        #expect(events.withLock { $0 } == ["1 changes", "acknowledged", "refused"])
    }

    @Test("What is acknowledged is committed: every reader sees it already in the completion")
    func visibility() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        let group = DispatchGroup()
        let hidden = Mutex(0)
        for number in 0..<30 {
            group.enter()
            let draft = try Sample.draft(number)
            store.submitUpsert(draft, into: name) { _ in
                if (try? store.item(draft.id, in: name)) == nil { hidden.withLock { $0 += 1 } }
                group.leave()
            }
        }
        group.wait()
        #expect(hidden.withLock { $0 } == 0)
    }

    @Test("A write that fails halfway leaves nothing behind and the others of its transaction untouched")
    func savepoints() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        let changes = Mutex(0)
        _ = store.observe { commit in changes.withLock { $0 += commit.changes.count } }
        let group = DispatchGroup()
        for number in 0..<20 {
            group.enter()
            store.submitUpsert(try Sample.draft(number), into: name) { _ in group.leave() }
            group.enter()
            let half = WriteJob(bytes: 1) { (scope) throws(CatalogError) -> Int in
                try scope.connection.run("DELETE FROM items")
                scope.report(.deleted(collection: 1, row: 1))
                throw .noSuchItem
            } completion: { result in
                #expect(result == .failure(.noSuchItem))
                group.leave()
            }
            store.writer.submit(half)
        }
        group.wait()
        #expect(try store.count(name) == 20 && store.streamed(name).count == 20)
        #expect(changes.withLock { $0 } == 20)
        #expect(store.commitCounts.transactions < 40)
    }

    @Test("Concurrent small writes share transactions")
    func groupCommit() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        let done = DispatchGroup()
        let drafts = try (0..<200).map { try Sample.draft($0) }
        for draft in drafts {
            done.enter()
            store.submitUpsert(draft, into: name) { _ in done.leave() }
        }
        done.wait()
        #expect(try store.count(name) == 200)
        #expect(store.commitCounts.transactions < 100)
        #expect(store.commitCounts.writes == 201)
    }

    @Test("Rows and items of a filter agree with the list")
    func filtered() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        for number in 0..<20 { try store.upsert(Sample.draft(number), into: name) }
        let filter = try Filter(Array(#"{"color":"red","number":{"$gte":4,"$lt":12}}"#.utf8))
        let rows = try store.rows(name, matching: filter)
        let items = try store.items(rows: rows + [999], in: name)
        #expect(items.map { $0?.id.text } == ["item-4", "item-6", "item-8", "item-10", nil])
        #expect(try store.list(name, filter: filter).items == items.compactMap { $0 })
        #expect(try store.count(name, filter: filter) == 4)
    }
}
