// SPDX-License-Identifier: Apache-2.0

import Catalog
import Synchronization
import Testing
import Vectors

struct CollectionTests {
    @Test("Creating the same collection twice finds it the second time")
    func idempotent() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let first = try store.create(Sample.definition())
        let second = try store.create(Sample.definition())
        #expect(first.isNew && !second.isNew)
        #expect(first.record == second.record)
        #expect(try store.collections() == [first.record])
        #expect(first.record.definition == (try Sample.definition()))
    }

    @Test("Another checkpoint is refused with both digests, another shape without")
    func conflicts() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        _ = try store.create(Sample.definition())
        let other = try Sample.definition(checkpoint: "two")
        let bound = try Sample.definition().checkpoint
        #expect(throws: CatalogError.checkpointConflict(bound: bound, asked: other.checkpoint)) {
            try store.create(other)
        }
        #expect(throws: CatalogError.definitionConflict) { try store.create(Sample.definition(dimensions: 5)) }
        #expect(throws: CatalogError.definitionConflict) { try store.create(Sample.definition(element: .float16)) }
    }

    @Test("Spaces must be there, once each, and within the limit on components")
    func spaces() throws {
        let folder = try CatalogFolder()
        let store = try folder.open { $0.limits.vectorComponents = 8 }
        _ = try store.create(Sample.definition("a", dimensions: 4))
        for bad in [0, -1, 5, Int.max] {
            #expect(throws: CatalogError.invalidSpaces) { try store.create(Sample.definition("b", dimensions: bad)) }
        }
    }

    @Test("Names of collections", arguments: ["", ".a", "a/b", "ä", "a b", String(repeating: "a", count: 65)])
    func badNames(_ name: String) {
        #expect(throws: CatalogError.invalidCollectionName) { try CollectionName(name) }
    }

    @Test("Counts and bytes follow every write and survive a restart")
    func counts() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        _ = try store.create(Sample.definition())
        let name = try Sample.name()
        try store.upsert(Sample.draft(1, thumbnail: 100), into: name)
        try store.upsert(Sample.draft(2, original: 50), into: name)
        try store.upsert(Sample.draft(1), into: name)
        try store.delete(ItemID("item-2"), from: name)
        let expected = 8 * 4 + #"{"color":"blue","number":1}"#.utf8.count
        #expect(try store.collection(name).items == 1)
        #expect(try store.collection(name).bytes == expected)
        try store.close()
        let again = try folder.open()
        #expect(try again.collection(name).bytes == expected)
        #expect(try again.verify().isSound)
    }

    @Test("A renamed collection takes its items along, and replaces another only when asked to")
    func renaming() throws {
        let folder = try CatalogFolder()
        var store = try folder.open()
        let old = try store.create(Sample.definition()).record
        _ = try store.create(Sample.definition("new", checkpoint: "two"))
        let (shop, new) = (try Sample.name(), try Sample.name("new"))
        try store.upsert(Sample.draft(1), into: shop)
        try store.upsert(Sample.draft(2), into: new)
        #expect(throws: CatalogError.nameTaken) { try store.rename(new, to: shop) }
        #expect(throws: CatalogError.noSuchCollection) { try store.rename(Sample.name("none"), to: shop) }
        let changes = Mutex<[CatalogChange]>([])
        _ = store.observe { commit in changes.withLock { $0 += commit.changes } }
        let renamed = try store.rename(new, to: shop, replacing: true)
        #expect(changes.withLock { $0 } == [.collectionDeleted(key: old.key), .collectionRenamed(renamed)])
        #expect(try store.rename(shop, to: shop, replacing: true) == renamed)
        #expect(try store.collections() == [renamed])
        #expect(try store.list(shop).items.map(\.id.text) == ["item-2"])
        try store.close()
        store = try folder.open()
        #expect(try store.collections() == [renamed] && store.verify().isSound)
    }

    @Test("A deleted collection is gone at once, its name is free, and its space comes back")
    func deletion() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let key = try store.create(Sample.definition()).record.key
        let name = try Sample.name()
        for batch in 0..<4 {
            _ = try store.upsert((0..<500).map { try Sample.draft(batch * 500 + $0, thumbnail: 5_000) }, into: name)
        }
        let full = try store.size().file
        try store.deleteCollection(name)
        #expect(throws: CatalogError.noSuchCollection) { try store.collection(name) }
        #expect(throws: CatalogError.noSuchCollection) { try store.item(ItemID("item-1"), in: name) }
        let fresh = try store.create(Sample.definition(checkpoint: "two")).record
        #expect(fresh.key > key && fresh.items == 0)
        try store.close()
        let again = try folder.open()
        for _ in 0..<200 where try again.size().file > full / 4 { try waitAMoment() }
        #expect(try again.size().file < full / 4)
        #expect(try again.verify().isSound)
    }
}
