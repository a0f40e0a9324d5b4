// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization
import Testing

import Catalog

struct FullDiskTests {
    @Test("A file that may grow no further refuses the write as a full disk and loses nothing")
    func full() throws {
        let folder = try CatalogFolder()
        var store = try folder.open { $0.limits.fileBytes = 1 << 20 }
        let name = try store.create(Sample.definition()).record.definition.name
        var written = 0
        while (try? store.upsert(Sample.draft(written, original: 50_000), into: name)) != nil { written += 1 }
        #expect(written > 5 && written < 30)
        #expect(throws: CatalogError.diskFull) { try store.upsert(Sample.draft(written, original: 50_000), into: name) }
        #expect(try store.count(name) == written && store.verify().isSound)
        try store.close()
        store = try folder.open()
        #expect(try store.list(name).items.map(\.id.text) == (0..<written).map { "item-\($0)" })
        try store.upsert(Sample.draft(written, original: 50_000), into: name)
        #expect(try store.verify().isSound)
    }

    @Test("One write too large for the disk does not take the others of its transaction along")
    func oneTooLarge() throws {
        let folder = try CatalogFolder()
        let store = try folder.open { $0.limits.fileBytes = 2 << 20 }
        let name = try store.create(Sample.definition()).record.definition.name
        let group = DispatchGroup()
        let outcomes = Mutex<[Int: String]>([:])
        for number in 0..<40 {
            group.enter()
            let draft = try Sample.draft(number, original: number == 20 ? 4 << 20 : 100)
            store.submitUpsert(draft, into: name) { result in
                outcomes.withLock { outcomes in
                    switch result {
                    case .success: outcomes[number] = "ok"
                    case .failure(let error): outcomes[number] = error.code
                    }
                }
                group.leave()
            }
        }
        group.wait()
        let refused = outcomes.withLock { $0.filter { $0.value != "ok" } }
        #expect(refused == [20: "disk_full"])
        #expect(try store.count(name) == 39 && store.verify().isSound)
    }

    @Test("Where the system lets no file grow, writes are refused as a full disk, reads go on, and room is used again")
    func limitOfTheSystem() async throws {
        let folder = try CatalogFolder()
        await #expect(processExitsWith: .success) { [path = folder.path as String] in
            try FileLimit.run(path)
        }
        let store = try folder.open()
        #expect(try store.verify().isSound)
        #expect(try store.item(ItemID("last"), in: Sample.name()).digest == Sample.draft(99).digest)
    }

    @Test("Where no file may grow, items and collections are deleted, and their room is used again")
    func deleting() async throws {
        let folder = try CatalogFolder()
        await #expect(processExitsWith: .success) { [path = folder.path as String] in
            try FileLimit.delete(path)
        }
        let store = try folder.open()
        #expect(try store.verify().isSound && store.collections().count == 1)
        #expect(try store.item(ItemID("last"), in: Sample.name()).digest == Sample.draft(99).digest)
    }

    @Test("A log that may grow no further is emptied into the file, and writes that need no new room go on")
    func overwriting() async throws {
        let folder = try CatalogFolder()
        await #expect(processExitsWith: .success) { [path = folder.path as String] in
            try FileLimit.overwrite(path)
        }
        let store = try folder.open()
        #expect(try store.verify().isSound && store.count(Sample.name()) == 4)
        #expect(
            try store.original(of: ItemID("item-3"), in: Sample.name()) == Sample.draft(99, original: 100_000).original)
    }
}

/// The process whose files may not grow.
private enum FileLimit {
    static func run(_ path: String) throws {
        // Without this the kernel's answer to a file at its limit is a signal that ends the process.
        signal(SIGXFSZ, SIG_IGN)
        let store = try CatalogStore(CatalogConfiguration(path: path))
        let name = try store.create(Sample.definition()).record.definition.name
        try set(limit: 2 << 20)
        var written = 0
        var refusal: (any Error)?
        while refusal == nil {
            do {
                try store.upsert(Sample.draft(written, original: 100_000), into: name)
                written += 1
            } catch { refusal = error }
        }
        #expect(refusal as? CatalogError == .diskFull)
        #expect(written > 5 && written < 40)
        #expect(throws: CatalogError.diskFull) {
            try store.upsert(Sample.draft(written, original: 100_000), into: name)
        }
        #expect(try store.count(name) == written && store.verify().isSound)
        for number in 0..<written {
            #expect(
                try store.original(of: ItemID("item-\(number)"), in: name)
                    == Sample.draft(number, original: 100_000).original)
        }
        try set(limit: .max)
        try store.upsert(Sample.draft(99, id: "last"), into: name)
        #expect(try store.count(name) == written + 1 && store.verify().isSound)
        try store.close()
    }

    /// Writes the same few items again and again, many times what the log may hold.
    static func overwrite(_ path: String) throws {
        signal(SIGXFSZ, SIG_IGN)
        let store = try CatalogStore(CatalogConfiguration(path: path))
        let name = try store.create(Sample.definition()).record.definition.name
        for number in 0..<4 { try store.upsert(Sample.draft(number, original: 100_000), into: name) }
        try store.checkpoint()
        try set(limit: 2 << 20)
        for round in 0..<100 {
            try store.upsert(Sample.draft(round, id: "item-\(round % 4)", original: 100_000), into: name)
        }
        #expect(try store.verify().isSound)
        try store.close()
    }

    /// Deletes, on a full disk, every item of one collection and another collection whole.
    static func delete(_ path: String) throws {
        signal(SIGXFSZ, SIG_IGN)
        let store = try CatalogStore(CatalogConfiguration(path: path))
        let name = try store.create(Sample.definition()).record.definition.name
        let other = try store.create(Sample.definition("other")).record.definition.name
        for number in 0..<8 { try store.upsert(Sample.draft(number, original: 100_000), into: other) }
        try set(limit: 4 << 20)
        var written = 0
        while (try? store.upsert(Sample.draft(written, original: 100_000), into: name)) != nil { written += 1 }
        #expect(written > 5 && written < 40)
        for number in 0..<written { try store.delete(ItemID("item-\(number)"), from: name) }
        #expect(try store.count(name) == 0 && store.verify().isSound)
        try store.deleteCollection(other)
        for number in 0..<written - 1 { try store.upsert(Sample.draft(number, original: 100_000), into: name) }
        try store.upsert(Sample.draft(99, id: "last"), into: name)
        #expect(try store.verify().isSound)
        try store.close()
    }

    private static func set(limit: UInt) throws {
        var limits = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits)
        limits.rlim_cur = limit
        #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits) == 0)
    }
}
