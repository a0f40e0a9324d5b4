// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing
import Vectors

import Catalog

struct MaintenanceTests {
    @Test("A backup made while writes go on is a sound catalog with every write acknowledged before it")
    func backup() throws {
        let (folder, target) = (try CatalogFolder(), try CatalogFolder())
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        for number in 0..<50 { try store.upsert(Sample.draft(number, thumbnail: 5_000), into: name) }
        let crew = Crew(1) { _, round in
            if let draft = try? Sample.draft(100 + round, thumbnail: 5_000) { _ = try? store.upsert(draft, into: name) }
        }
        crew.wait(rounds: 3)
        let parts = Mutex<[Double]>([])
        try store.backup(to: target.path) { part in parts.withLock { $0.append(part) } }
        crew.stop()
        #expect(parts.withLock { $0.last } == 1)
        let copy = try target.open()
        #expect(try copy.verify().isSound)
        #expect(try copy.count(name) >= 50)
        #expect(try copy.thumbnail(of: ItemID("item-49"), in: name) == Sample.draft(49, thumbnail: 5_000).thumbnail)
        #expect(throws: CatalogError.destinationExists(path: target.path)) { try store.backup(to: target.path) }
        #expect(throws: CatalogError.destinationExists(path: folder.path)) { try store.backup(to: folder.path) }
        let files = try FileManager.default.contentsOfDirectory(atPath: target.url.path)
        #expect(!files.contains { $0.contains("partial") })
    }

    @Test("Deleting items gives their space back without a compact; compact gives back the rest")
    func space() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        _ = try store.upsert((0..<400).map { try Sample.draft($0, thumbnail: 10_000) }, into: name)
        let full = try store.size().file
        _ = try store.delete((0..<390).map { try ItemID("item-\($0)") }, from: name)
        for _ in 0..<200 where try store.size().file > full / 2 { try waitAMoment() }
        #expect(try store.size().file < full / 2)
        let before = try store.size().file
        try store.compact()
        #expect(try store.size().file < before && store.size().free == 0)
        #expect(try store.list(name).items.count == 10 && store.verify().isSound)
    }

    @Test("A deleted collection's room is given back before the call returns, and others keep theirs")
    func finishedDeletions() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        for name in ["gone", "kept"] {
            _ = try store.create(Sample.definition(name))
            let drafts = try (0..<300).map { try Sample.draft($0, thumbnail: 5_000, original: 5_000) }
            _ = try store.upsert(drafts, into: Sample.name(name))
        }
        let before = try store.size()
        try store.deleteCollection(Sample.name("gone"))
        var told: [Int] = []
        try store.finishDeletions { items in
            told.append(items)
            return true
        }
        let after = try store.size()
        // A megabyte of free pages is kept for the next items.
        #expect(after.file - after.free < before.file * 6 / 10 && after.free <= 64 * 16_384, "\(before) \(after)")
        #expect(told == told.sorted() && told.first == 0)
        #expect(try store.verify().isSound && store.count(Sample.name("kept")) == 300)
        try store.finishDeletions()
    }

    @Test("Closing moves the log into the file")
    func closing() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        _ = try store.create(Sample.definition())
        try store.close()
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
        #expect(files == ["catalog.sqlite", "catalog.sqlite-lock"])
    }

    @Test("Verify names a damaged vector, and reading it is refused")
    func damagedVector() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        let row = try store.upsert(Sample.draft(1), into: name).row
        try store.upsert(Sample.draft(2), into: name)
        try Connection(folder.path, mode: .writer).execute(
            "UPDATE vectors SET bytes = zeroblob(length(bytes)) WHERE row = \(row)")
        #expect(try store.verify().problems == ["row \(row) of vectors does not match its check"])
        #expect(throws: CatalogError.damaged(place: "vectors")) { try store.vector(of: ItemID("item-1"), in: name) }
        #expect(throws: CatalogError.damaged(place: "vectors")) {
            try store.streamed(name)
        }
        _ = try store.vector(of: ItemID("item-2"), in: name)
        try store.upsert(Sample.draft(1), into: name)
        #expect(try store.verify().isSound)
    }

    @Test("Every error has a code and a sentence of its own")
    func codes() {
        let digest = ContentDigest(of: [])
        let all: [CatalogError] = [
            .invalidCollectionName, .invalidItemID, .invalidMetadata(.notAnObject), .invalidFilter(.badPath),
            .invalidCursor, .wrongVectorLength(expected: 1, found: 2), .vectorNotFinite, .invalidSpaces,
            .tooLarge(what: "x", limit: 1, found: 2), .noSuchCollection, .noSuchItem,
            .checkpointConflict(bound: digest, asked: digest), .preprocessingConflict(bound: "", asked: ""),
            .definitionConflict, .diskFull, .readOnly(path: ""),
            .inUse(path: ""), .locked, .cannotOpen(path: "", code: 1), .foreignFile(applicationID: 1),
            .newerFile(version: 2, supported: 1), .damaged(place: "x"), .destinationExists(path: ""),
            .inputOutput(code: 1), .statementFailed(operation: "", code: 1), .closed, .queueFull, .nameTaken,
        ]
        #expect(Set(all.map(\.code)).count == all.count)
        #expect(Set(all.map(\.description)).count == all.count)
        #expect(all.allSatisfy { $0.description.hasSuffix(".") && $0.description.count > 20 })
    }
}
