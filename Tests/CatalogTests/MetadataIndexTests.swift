// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TestSupport
import Testing
import Vectors

import Catalog

@Suite("Filters answered from memory")
struct MetadataIndexTests {
    private func randomFilter(_ generator: inout SeededGenerator, depth: Int) throws -> Filter {
        let parts = { (generator: inout SeededGenerator) in
            try (0..<Int.random(in: 0..<4, using: &generator)).map { _ in try randomFilter(&generator, depth: depth - 1)
            }
        }
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &generator) {
        case 5: return .and(try parts(&generator))
        case 6: return .or(try parts(&generator))
        case 7: return .not(try randomFilter(&generator, depth: depth - 1))
        default:
            let path = ["a", "b", "c d", "a.b", "b.a", "missing"].randomElement(using: &generator) ?? "a"
            return .compare(try FilterPath(path), randomTest(&generator))
        }
    }

    private func randomTest(_ generator: inout SeededGenerator) -> FilterTest {
        let value = JSONValue.random(&generator, depth: 1)
        let order = FilterOrder.allCases.randomElement(using: &generator) ?? .less
        switch (Int.random(in: 0..<6, using: &generator), value) {
        case (0, _): return .exists
        case (1, _): return .contains(value)
        case (2, _): return .isOneOf((0..<3).map { _ in JSONValue.random(&generator, depth: 1) })
        case (3, _): return .equals(value)
        case (_, .integer(let bound)): return .ordered(order, .integer(bound))
        case (_, .string(let bound)): return .ordered(order, .string(bound))
        case (_, .number(let bound)): return .ordered(order, .number(bound))
        default: return .ordered(order, .number(0.1))
        }
    }

    private func draft(_ id: Int, _ generator: inout SeededGenerator) throws -> ItemDraft {
        var draft = try Sample.draft(id)
        draft.metadata = try Metadata(JSONValue.object(&generator, depth: 2))
        return draft
    }

    @Test("Answers are those of every item looked at alone, through upserts, deletions and restarts of the columns")
    func agreement() throws {
        var generator = SeededGenerator(seed: 3)
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        let other = try store.create(Sample.definition("other")).record.definition.name
        let index = MetadataIndex(store, fewItems: 0)
        var model: [Int64: JSONValue] = [:]
        var (matched, asked) = (0, 0)
        for _ in 0..<40 {
            let drafts = try (0..<20).map { _ in try draft(Int.random(in: 0..<150, using: &generator), &generator) }
            for (draft, result) in zip(drafts, try store.upsert(drafts, into: name)) {
                model[try result.get().row] = try draft.metadata.value
            }
            _ = try store.upsert([try draft(7, &generator)], into: other)
            for row in model.keys.sorted().filter({ _ in Int.random(in: 0..<10, using: &generator) == 0 }) {
                let item = try #require(try store.items(rows: [row], in: name)[0])
                try store.delete(item.id, from: name)
                model[row] = nil
            }
            for _ in 0..<15 {
                let filter = try randomFilter(&generator, depth: 3)
                let expected = model.filter { filter.matches($0.value) }.keys.sorted()
                #expect(try index.rows(name, matching: filter) == expected, "\(filter)")
                #expect(try index.rows(name, matching: filter) == expected, "\(filter), asked again")
                (matched, asked) = (matched + expected.count, asked + model.count)
            }
        }
        #expect(matched > asked / 10 && matched < asked * 9 / 10 && index.bytes > 0)
    }

    @Test("Columns beyond the limit are dropped or never kept, and answers stay right")
    func limits() throws {
        var generator = SeededGenerator(seed: 4)
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        _ = try store.upsert(try (0..<300).map { try draft($0, &generator) }, into: name)
        for limit in [1, 5_000, 20_000, 60_000] {
            let index = MetadataIndex(store, limit: limit, fewItems: 0)
            for _ in 0..<60 {
                let filter = try randomFilter(&generator, depth: 2)
                #expect(try index.rows(name, matching: filter) == store.rows(name, matching: filter), "\(limit)")
                #expect(index.bytes <= limit)
            }
        }
    }

    @Test("While others write, an answer has every write acknowledged before it was asked for")
    func concurrent() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        let index = MetadataIndex(store, fewItems: 0)
        let path = try FilterPath("number")
        let crew = Crew(3) { member, round in
            let number = member * 1_000_000 + round
            guard let draft = try? Sample.draft(number), let receipt = try? store.upsert(draft, into: name) else {
                return
            }
            let filter = Filter.compare(path, .equals(.integer(Int64(number))))
            #expect((try? index.rows(name, matching: filter)) == [receipt.row])
            guard round % 3 == 0 else { return }
            try? store.delete(draft.id, from: name)
            #expect((try? index.rows(name, matching: filter)) == [])
        }
        for _ in 0..<10 { try waitAMoment() }
        crew.stop()
        let even = Filter.compare(try FilterPath("color"), .equals(.string("red")))
        #expect(try index.rows(name, matching: even) == store.rows(name, matching: even))
    }

    @Test("A deleted collection's columns are gone, and one of the same name starts anew")
    func deletedCollections() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        let index = MetadataIndex(store, fewItems: 0)
        let red = Filter.compare(try FilterPath("color"), .equals(.string("red")))
        try store.upsert(Sample.draft(2), into: name)
        #expect(try index.rows(name, matching: red).count == 1 && index.bytes > 0)
        try store.deleteCollection(name)
        #expect(index.bytes == 0)
        #expect(throws: CatalogError.noSuchCollection) { try index.rows(name, matching: red) }
        _ = try store.create(Sample.definition())
        #expect(try index.rows(name, matching: red) == [])
    }
}
