// SPDX-License-Identifier: Apache-2.0

import Catalog
import Testing
import Vectors

struct ItemTests {
    @Test("An item comes back as it was written, after a restart too")
    func roundTrip() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        _ = try store.create(Sample.definition())
        let (name, draft) = (try Sample.name(), try Sample.draft(3, thumbnail: 10, original: 20_000))
        let receipt = try store.upsert(draft, into: name)
        #expect(receipt.isNew)
        try store.close()
        let again = try folder.open()
        let item = try again.item(draft.id, in: name)
        #expect(item.row == receipt.row && item.digest == draft.digest && item.metadata == draft.metadata)
        #expect(item.thumbnailBytes == 10 && item.originalBytes == 20_000 && item.created == 1_700_000_000_000)
        #expect(try again.vector(of: draft.id, in: name) == draft.vector)
        #expect(try again.thumbnail(of: draft.id, in: name) == draft.thumbnail)
        #expect(try again.original(of: draft.id, in: name) == draft.original)
    }

    @Test("An upsert replaces the whole item and keeps its row and creation time")
    func replacement() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        _ = try store.create(Sample.definition())
        let name = try Sample.name()
        let first = try store.upsert(Sample.draft(1, id: "a", thumbnail: 9), into: name)
        let second = try store.upsert(Sample.draft(2, id: "a"), into: name)
        #expect(second == UpsertReceipt(row: first.row, isNew: false))
        #expect(try store.thumbnail(of: ItemID("a"), in: name) == nil)
        #expect(try store.vector(of: ItemID("a"), in: name) == Sample.draft(2).vector)
        #expect(try store.count(name) == 1)
    }

    @Test("Rows are never used twice")
    func rows() throws {
        let folder = try CatalogFolder()
        let name = try Sample.name()
        var seen: Set<Int64> = []
        for round in 0..<3 {
            let store = try folder.open()
            _ = try store.create(Sample.definition())
            #expect(seen.insert(try store.upsert(Sample.draft(round, id: "a"), into: name).row).inserted)
            try store.delete(ItemID("a"), from: name)
            try store.close()
        }
    }

    @Test("A batch refuses its bad items alone")
    func batch() throws {
        let folder = try CatalogFolder()
        let store = try folder.open { $0.limits.thumbnailBytes = 100 }
        _ = try store.create(Sample.definition())
        let name = try Sample.name()
        var drafts = try (0..<5).map { try Sample.draft($0, thumbnail: 100) }
        drafts[1].vector.removeLast()
        drafts[2].thumbnail?.append(0)
        drafts[3].vector[0] = .nan
        let results = try store.upsert(drafts, into: name)
        #expect(results[1] == .failure(.wrongVectorLength(expected: 8, found: 7)))
        #expect(results[2] == .failure(.tooLarge(what: "thumbnail", limit: 100, found: 101)))
        #expect(results[3] == .failure(.vectorNotFinite))
        #expect(try store.list(name).items.map(\.id.text) == ["item-0", "item-4"])
        #expect(try store.delete(drafts.map(\.id), from: name) == [true, false, false, false, true])
        #expect(throws: CatalogError.noSuchItem) { try store.delete(drafts[0].id, from: name) }
    }

    @Test("Float16 keeps halves and refuses what they cannot hold")
    func halves() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        _ = try store.create(Sample.definition(element: .float16))
        let name = try Sample.name()
        let draft = try Sample.draft(1)
        try store.upsert(draft, into: name)
        #expect(try store.vector(of: draft.id, in: name) == draft.vector.map { Float(Float16($0)) })
        var large = draft
        large.vector[7] = 70_000
        #expect(throws: CatalogError.vectorNotFinite) { try store.upsert(large, into: name) }
    }

    @Test("Ids differ by their bytes, not by what they look like")
    func identity() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        _ = try store.create(Sample.definition())
        let name = try Sample.name()
        try store.upsert(Sample.draft(1, id: "\u{E9}"), into: name)
        #expect(try store.upsert(Sample.draft(2, id: "e\u{301}"), into: name).isNew)
        for bad in ["", "a\u{0}b", "a\nb", "\u{85}", String(repeating: "x", count: 513)] {
            #expect(throws: CatalogError.invalidItemID) { try ItemID(bad) }
        }
        _ = try ItemID(String(repeating: "x", count: 512))
    }

    @Test("A list walks every item once in stable order while others come and go")
    func listing() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        _ = try store.create(Sample.definition())
        _ = try store.create(Sample.definition("other"))
        let name = try Sample.name()
        for number in 0..<25 {
            try store.upsert(Sample.draft(number), into: name)
            try store.upsert(Sample.draft(number), into: Sample.name("other"))
        }
        var seen: [String] = []
        var cursor: String?
        repeat {
            let page = try store.list(name, after: cursor, limit: 7)
            seen += page.items.map(\.id.text)
            cursor = page.next
            if seen.count == 7 {
                try store.delete(ItemID("item-3"), from: name)
                try store.delete(ItemID("item-20"), from: name)
                try store.upsert(Sample.draft(99), into: name)
            }
        } while cursor != nil
        #expect(seen == (0..<25).filter { $0 != 20 }.map { "item-\($0)" } + ["item-99"])
    }

    @Test("A cursor of another collection, or a changed one, is refused")
    func cursors() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        for name in ["shop", "other"] {
            _ = try store.create(Sample.definition(name))
            for number in 0..<3 { try store.upsert(Sample.draft(number), into: Sample.name(name)) }
        }
        let next = try #require(try store.list(Sample.name(), limit: 1).next)
        _ = try store.list(Sample.name(), after: next)
        for bad in ["", "-", "1-1-1", next + "0", "2" + next.dropFirst()] {
            #expect(throws: CatalogError.invalidCursor) { try store.list(Sample.name(), after: bad) }
        }
        #expect(throws: CatalogError.invalidCursor) { try store.list(Sample.name("other"), after: next) }
    }
}
