// SPDX-License-Identifier: Apache-2.0

import Testing
import TestSupport
import Vectors

import Catalog

/// The store beside a dictionary, through random calls.
struct ModelTests {
    private struct Entry: Equatable {
        let number: Int
        let thumbnail: Int?
        let original: Int?
    }

    /// What the store should hold; rows by id, because a list goes by row.
    private struct Model {
        var entries: [String: Entry] = [:]
        var rows: [String: Int64] = [:]
        var ids: [String] { rows.sorted { $0.value < $1.value }.map(\.key) }
    }

    private static let names = ["shop", "other"]

    @Test("Random upserts, deletes, lists, renames and restarts agree with a dictionary", arguments: [1, 2, 3])
    func agreement(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let folder = try CatalogFolder()
        var store = try folder.open()
        var models = [Model(), Model()]
        for name in Self.names { _ = try store.create(Sample.definition(name)) }
        for step in 0..<180 {
            let which = Int.random(in: 0..<2, using: &generator)
            let name = try Sample.name(Self.names[which])
            switch Int.random(in: 0..<20, using: &generator) {
            case 0..<7: try upsertOne(step, store, name, &models[which], &generator)
            case 7..<10: try upsertMany(step, store, name, &models[which], &generator)
            case 10..<13: try deleteSome(store, name, &models[which], &generator)
            case 13..<16: try listPages(store, name, models[which], &generator)
            case 16..<18: try filterSome(store, name, models[which], &generator)
            case 18:
                try swapNames(store)
                models.swapAt(0, 1)
            default:
                try store.close()
                store = try folder.open()
            }
            if step % 50 == 49 { try compareAll(store, models) }
        }
        #expect(models.contains { $0.entries.count > 5 })
    }

    private func randomDraft(_ number: Int, _ generator: inout SeededGenerator) throws -> ItemDraft {
        try Sample.draft(
            number, id: "item-\(Int.random(in: 0..<30, using: &generator))",
            thumbnail: Bool.random(using: &generator) ? Int.random(in: 0..<200, using: &generator) : nil,
            original: Int.random(in: 0..<4, using: &generator) == 0 ? 40_000 : nil)
    }

    /// Notes an upsert in the model after a look at its receipt.
    private func note(_ draft: ItemDraft, _ number: Int, _ receipt: UpsertReceipt, _ model: inout Model) {
        let known = model.rows[draft.id.text]
        #expect(receipt.isNew == (known == nil))
        if let known { #expect(receipt.row == known) } else { #expect(!model.rows.values.contains(receipt.row)) }
        model.rows[draft.id.text] = receipt.row
        model.entries[draft.id.text] = Entry(
            number: number, thumbnail: draft.thumbnail?.count, original: draft.original?.count)
    }

    private func upsertOne(
        _ number: Int, _ store: CatalogStore, _ name: CollectionName, _ model: inout Model,
        _ generator: inout SeededGenerator
    ) throws {
        let draft = try randomDraft(number, &generator)
        note(draft, number, try store.upsert(draft, into: name), &model)
    }

    private func upsertMany(
        _ step: Int, _ store: CatalogStore, _ name: CollectionName, _ model: inout Model,
        _ generator: inout SeededGenerator
    ) throws {
        var drafts: [(number: Int, draft: ItemDraft)] = []
        for index in 0..<Int.random(in: 0..<12, using: &generator) {
            let number = step * 1_000 + index
            var draft = try randomDraft(number, &generator)
            if Int.random(in: 0..<6, using: &generator) == 0 { draft.vector.removeLast() }
            drafts.append((number, draft))
        }
        for ((number, draft), result) in zip(drafts, try store.upsert(drafts.map(\.draft), into: name)) {
            switch result {
            case .success(let receipt): note(draft, number, receipt, &model)
            case .failure(let error): #expect(error == .wrongVectorLength(expected: 8, found: draft.vector.count))
            }
            #expect(((try? result.get()) != nil) == (draft.vector.count == 8))
        }
    }

    private func deleteSome(
        _ store: CatalogStore, _ name: CollectionName, _ model: inout Model, _ generator: inout SeededGenerator
    ) throws {
        let ids = (0..<Int.random(in: 1..<6, using: &generator)).map { _ in
            "item-\(Int.random(in: 0..<30, using: &generator))"
        }
        let found = try store.delete(ids.map { try ItemID($0) }, from: name)
        var expected: [Bool] = []
        for id in ids {
            expected.append(model.rows.removeValue(forKey: id) != nil)
            model.entries[id] = nil
        }
        #expect(found == expected)
    }

    private func listPages(
        _ store: CatalogStore, _ name: CollectionName, _ model: Model, _ generator: inout SeededGenerator
    ) throws {
        let limit = Int.random(in: 1..<20, using: &generator)
        var (ids, cursor): ([String], String?) = ([], nil)
        repeat {
            let page = try store.list(name, after: cursor, limit: limit)
            #expect(page.items.count == limit || page.next == nil)
            ids += page.items.map(\.id.text)
            cursor = page.next
        } while cursor != nil
        #expect(ids == model.ids)
        #expect(try store.count(name) == ids.count)
    }

    private func filterSome(
        _ store: CatalogStore, _ name: CollectionName, _ model: Model, _ generator: inout SeededGenerator
    ) throws {
        let bound = Int.random(in: 0..<200_000, using: &generator)
        let filter = try Filter(Array(#"{"number":{"$lt":\#(bound)},"color":"red"}"#.utf8))
        let expected = model.ids.filter { id in
            model.entries[id].map { $0.number < bound && $0.number % 2 == 0 } ?? false
        }
        #expect(try store.list(name, limit: 100, filter: filter).items.map(\.id.text) == expected)
        #expect(try store.count(name, filter: filter) == expected.count)
    }

    private func swapNames(_ store: CatalogStore) throws {
        try store.rename(Sample.name("shop"), to: Sample.name("spare"))
        try store.rename(Sample.name("other"), to: Sample.name("shop"))
        try store.rename(Sample.name("spare"), to: Sample.name("other"))
    }

    private func compareAll(_ store: CatalogStore, _ models: [Model]) throws {
        for (name, model) in zip(Self.names, models) {
            let name = try Sample.name(name)
            var bytes = 0
            for (id, entry) in model.entries {
                let draft = try Sample.draft(entry.number, id: id, thumbnail: entry.thumbnail, original: entry.original)
                let item = try store.item(draft.id, in: name)
                #expect(item.row == model.rows[id] && item.metadata == draft.metadata && item.digest == draft.digest)
                #expect(try store.vector(of: draft.id, in: name) == draft.vector)
                #expect(try store.thumbnail(of: draft.id, in: name) == draft.thumbnail)
                #expect(try store.original(of: draft.id, in: name) == draft.original)
                bytes += 32 + draft.metadata.text.utf8.count + (entry.thumbnail ?? 0) + (entry.original ?? 0)
            }
            #expect(try store.collection(name).items == model.entries.count && store.collection(name).bytes == bytes)
        }
        #expect(try store.verify().problems == [])
    }
}
