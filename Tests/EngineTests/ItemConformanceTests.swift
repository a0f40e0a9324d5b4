// SPDX-License-Identifier: Apache-2.0

import Catalog
import Collections
import PostgresCatalog
import TestSupport
import Testing
import Vectors

@Suite("Every engine keeps items alike")
struct ItemConformanceTests {
    @Test(
        "A collection is made once, bound to what it was made with, renamed and deleted",
        arguments: EngineCase.available)
    func collections(_ kind: EngineCase) throws {
        let bench = try Bench(kind)
        let shelf = try Shelf(bench)
        let again = try bench.store.create(shelf.definition, thumbnails: .side(32))
        #expect(!again.isNew && again.record.thumbnails == .side(32) && again.record.items == 0)
        #expect(try bench.store.collection(shelf.name) == again.record)
        func other(_ checkpoint: UInt8, _ preprocessing: String, _ model: String) throws -> CollectionDefinition {
            CollectionDefinition(
                name: shelf.name, model: try #require(ModelID(model)), checkpoint: ContentDigest(of: [checkpoint]),
                spaces: shelf.definition.spaces, preprocessing: preprocessing)
        }
        let bound = shelf.definition.checkpoint
        #expect(throws: CatalogError.checkpointConflict(bound: bound, asked: ContentDigest(of: [2]))) {
            _ = try bench.store.create(other(2, "p1", "m"))
        }
        #expect(throws: CatalogError.preprocessingConflict(bound: "p1", asked: "p2")) {
            _ = try bench.store.create(other(1, "p2", "m"))
        }
        #expect(throws: CatalogError.definitionConflict) { _ = try bench.store.create(other(1, "p1", "n")) }
        try shelf.put("kept")
        let (second, third) = (try bench.name("second"), try bench.name("third"))
        _ = try bench.store.create(shelf.definition.with(name: second, preprocessing: "p1"))
        #expect(throws: CatalogError.nameTaken) {
            try bench.store.rename(shelf.name, to: second, replacing: false)
        }
        #expect(throws: CatalogError.noSuchCollection) {
            try bench.store.rename(bench.name("nothing"), to: third, replacing: true)
        }
        let renamed = try bench.store.rename(shelf.name, to: second, replacing: true)
        #expect(renamed.definition.name == second && renamed.items == 1)
        #expect(throws: CatalogError.noSuchCollection) { _ = try bench.store.collection(shelf.name) }
        #expect(try bench.store.item(ItemID("kept"), in: second).id.text == "kept")
        #expect(
            try bench.store.collections().map(\.definition.name).filter { $0.text.hasPrefix(bench.prefix) } == [second])
        try bench.store.deleteCollection(second)
        #expect(throws: CatalogError.noSuchCollection) { try bench.store.deleteCollection(second) }
        try bench.store.finishDeletions { _ in true }
    }

    @Test(
        "An item is replaced as a whole, keeps its row and its vector's bits, and counts what it holds",
        arguments: EngineCase.available, VectorElement.allCases)
    func items(_ kind: EngineCase, _ element: VectorElement) throws {
        let shelf = try Shelf(Bench(kind), element: element)
        var draft = try shelf.draft("a/1 é", Metadata(Array(#"{"n":1.50,"k":[1,{"b":null}]}"#.utf8)))
        (draft.thumbnail, draft.original) = ([1, 2, 3], [UInt8](repeating: 7, count: 100_000))
        let first = try shelf.store.upsert(draft, into: shelf.name)
        let made = try shelf.store.item(draft.id, in: shelf.name)
        #expect(first.isNew && made.row == first.row && made.digest == draft.digest && made.metadata == draft.metadata)
        #expect(made.thumbnailBytes == 3 && made.originalBytes == 100_000)
        #expect(try shelf.store.thumbnail(of: draft.id, in: shelf.name) == [1, 2, 3])
        #expect(try shelf.store.original(of: draft.id, in: shelf.name) == draft.original)
        let stored = element == .float32 ? draft.vector : draft.vector.map { Float(Float16($0)) }
        #expect(try shelf.store.vector(of: draft.id, in: shelf.name) == stored)
        let text = draft.metadata.text.utf8.count
        #expect(try shelf.store.collection(shelf.name).bytes == 18 * element.byteCount + text + 100_003)
        (draft.thumbnail, draft.original, draft.metadata) = (nil, [], .empty)
        let second = try shelf.store.upsert(draft, into: shelf.name)
        #expect(second == UpsertReceipt(row: first.row, isNew: false))
        #expect(try shelf.store.thumbnail(of: draft.id, in: shelf.name) == nil)
        #expect(try shelf.store.original(of: draft.id, in: shelf.name) == [])
        #expect(try shelf.store.item(draft.id, in: shelf.name).created == made.created)
        let record = try shelf.store.collection(shelf.name)
        #expect(record.items == 1 && record.bytes == 18 * element.byteCount + 2)
        try shelf.store.delete(draft.id, from: shelf.name)
        #expect(throws: CatalogError.noSuchItem) { _ = try shelf.store.item(draft.id, in: shelf.name) }
        #expect(throws: CatalogError.noSuchItem) { try shelf.store.delete(draft.id, from: shelf.name) }
        #expect(throws: CatalogError.noSuchItem) { _ = try shelf.store.thumbnail(of: draft.id, in: shelf.name) }
        let empty = try shelf.store.collection(shelf.name)
        #expect(empty.items == 0 && empty.bytes == 0)
    }

    @Test("An item that comes from elsewhere brings its times along, new or not", arguments: EngineCase.available)
    func times(_ kind: EngineCase) throws {
        let shelf = try Shelf(Bench(kind))
        var draft = try shelf.draft("moved")
        for (created, updated) in [(1_000, 2_000), (500, 3_000)] as [(Int64, Int64)] {
            draft.times = ItemTimes(created: created, updated: updated)
            try shelf.store.upsert(draft, into: shelf.name)
            let item = try shelf.store.item(draft.id, in: shelf.name)
            #expect(item.created == created && item.updated == updated)
        }
        draft.times = nil
        try shelf.store.upsert(draft, into: shelf.name)
        let item = try shelf.store.item(draft.id, in: shelf.name)
        #expect(item.created == 500 && item.updated > 1_700_000_000_000)
    }

    @Test("A bad item of a batch is refused alone, and the last of an id stays", arguments: EngineCase.available)
    func batches(_ kind: EngineCase) throws {
        let shelf = try Shelf(Bench(kind))
        var short = try shelf.draft("short")
        short.vector.removeLast()
        var infinite = try shelf.draft("infinite")
        infinite.vector[3] = .infinity
        let drafts = try [shelf.draft("z"), short, shelf.draft("a"), infinite, shelf.draft("z")]
        let results = try shelf.store.upsert(drafts, into: shelf.name)
        #expect(try results[0].get().isNew && results[2].get().isNew && !results[4].get().isNew)
        #expect(try results[0].get().row == results[4].get().row)
        #expect(results[1] == .failure(.wrongVectorLength(expected: 18, found: 17)))
        #expect(results[3] == .failure(.vectorNotFinite))
        #expect(try shelf.store.vector(of: ItemID("z"), in: shelf.name) == drafts[4].vector)
        let found = try shelf.store.vectors(of: [ItemID("a"), ItemID("no"), ItemID("z")], in: shelf.name)
        #expect(found == [drafts[2].vector, nil, drafts[4].vector])
        let ids = try ["z", "no", "z", "a"].map { try ItemID($0) }
        #expect(try shelf.store.delete(ids, from: shelf.name) == [true, false, false, true])
        #expect(try shelf.store.collection(shelf.name).items == 0)
        #expect(throws: CatalogError.noSuchCollection) {
            _ = try shelf.store.upsert(drafts, into: CollectionName("nowhere"))
        }
    }

    @Test(
        "A list has every item once in the order of insertion, and filters match as the plainest matcher does",
        arguments: EngineCase.available)
    func lists(_ kind: EngineCase) throws {
        let shelf = try Shelf(Bench(kind))
        var json = RandomJSON(random: SeededGenerator(seed: 77))
        for number in 0..<120 { try shelf.put("item \(number % 100)", Metadata(Array(json.object().utf8))) }
        for number in 20..<30 { try shelf.delete("item \(number)") }
        var (ids, cursor): ([String], String?) = ([], nil)
        repeat {
            let page = try shelf.store.list(shelf.name, after: cursor, limit: 7)
            ids += page.items.map(\.id.text)
            cursor = page.next
        } while cursor != nil
        #expect(ids == shelf.order)
        #expect(throws: CatalogError.invalidCursor) { _ = try shelf.store.list(shelf.name, after: "1-2-3") }
        var matches = 0
        for round in 0..<400 {
            let text = json.filter()
            let filter = try Filter(Array(text.utf8))
            let wanted = try shelf.order.filter { filter.matches(try #require(shelf.items[$0]).metadata.value) }
            let page = try shelf.store.list(shelf.name, after: nil, limit: 1_000, filter: filter)
            #expect(page.items.map(\.id.text) == wanted, "\(round): \(text)")
            #expect(try shelf.store.count(shelf.name, filter: filter) == wanted.count)
            let rows = try shelf.store.rows(shelf.name, matching: filter)
            #expect(try shelf.store.items(rows: rows, in: shelf.name).map { $0?.id.text } == wanted)
            matches += wanted.isEmpty || wanted.count == shelf.order.count ? 0 : 1
        }
        #expect(matches > 100, "of 400 filters \(matches) told items apart")
    }

    @Test("Embeddings are found again by every space, beside those of other spaces", arguments: EngineCase.available)
    func embeddings(_ kind: EngineCase) throws {
        let bench = try Bench(kind)
        let cache = bench.store.embeddings
        let key = EmbeddingKey(
            content: ContentDigest(of: Array(bench.prefix.utf8)), checkpoint: ContentDigest(of: [1]), preprocessing: "p"
        )
        #expect(cache.find(key, spaces: [Shelf.spaces[0]]) == nil)
        let color = Embedding(space: Shelf.spaces[0], values: [1, -0.5, 3])
        let turn = Embedding(space: Shelf.spaces[1], values: [0.25])
        cache.keep([color], for: key)
        #expect(cache.find(key, spaces: [Shelf.spaces[0]]) == [color])
        #expect(cache.find(key, spaces: Array(Shelf.spaces[0...1])) == nil)
        (cache as? EmbeddingCache).map { try? $0.flush() }
        (cache as? PostgresEmbeddings)?.flush()
        cache.keep([turn], for: key)
        (cache as? EmbeddingCache).map { try? $0.flush() }
        (cache as? PostgresEmbeddings)?.flush()
        #expect(cache.find(key, spaces: [Shelf.spaces[1], Shelf.spaces[0]]) == [turn, color])
        #expect(cache.counts.hits == 2 && cache.counts.misses == 2)
    }
}
