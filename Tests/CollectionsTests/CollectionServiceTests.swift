// SPDX-License-Identifier: Apache-2.0

import Catalog
import Collections
import Foundation
import TestSupport
import Testing
import VectorSearch
import Vectors

/// A catalog in a folder of its own, with a collection of three spaces and what is in it, kept once more in the plainest
/// form.
final class Shop {
    static let dimensions = [6, 4, 8]
    static let spaces = ["color", "rotation", "texture"].compactMap { SpaceName($0) }

    let path: String
    let name: CollectionName
    private(set) var store: CatalogStore
    private(set) var service: CollectionService
    var items: [String: (vector: [Float], price: Int)] = [:]
    var random = SeededGenerator(seed: 8)
    private let folder: URL

    init(element: VectorElement = .float32) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("facet-shop-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.appendingPathComponent("c.sqlite").path
        name = try CollectionName("shop")
        store = try CatalogStore(CatalogConfiguration(path: path))
        service = try CollectionService(store, threads: 2)
        let model = try #require(ModelID("m"))
        let spaces = zip(Self.spaces, Self.dimensions).map { CollectionSpace(name: $0, dimensions: $1) }
        _ = try store.create(
            CollectionDefinition(
                name: name, model: model, checkpoint: ContentDigest(of: [1]), spaces: spaces, element: element))
    }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(at: folder)
    }

    func reopen() throws {
        try store.close()
        store = try CatalogStore(CatalogConfiguration(path: path))
        service = try CollectionService(store, threads: 1)
    }

    /// Unit segments, one after the other.
    func vector() -> [Float] {
        Self.dimensions.flatMap { size in
            let values = (0..<size).map { _ in Float.random(in: -1...1, using: &random) }
            let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return values.map { $0 / length }
        }
    }

    func put(_ id: String, price: Int) throws {
        let vector = vector()
        try store.upsert(
            ItemDraft(
                id: ItemID(id), digest: ContentDigest(of: Array(id.utf8)),
                metadata: Metadata(Array(#"{"price":\#(price)}"#.utf8)), vector: vector), into: name)
        items[id] = (vector, price)
    }

    func delete(_ id: String) throws {
        try store.delete(ItemID(id), from: name)
        items[id] = nil
    }

    /// Every segment of a vector under its space.
    func segments(_ vector: [Float]) -> [SpaceName: [Float]] {
        var start = 0
        var result: [SpaceName: [Float]] = [:]
        for (space, size) in zip(Self.spaces, Self.dimensions) {
            result[space] = Array(vector[start..<start + size])
            start += size
        }
        return result
    }

    /// The scores of all items by the plainest loop, best first.
    func naive(_ query: [Float], _ weights: [SpaceName: Double], _ keeps: (Int) -> Bool) -> [(
        id: String, score: Double
    )] {
        let total = weights.values.reduce(0) { $0 + abs($1) }
        let parts = segments(query)
        var scored: [(id: String, score: Double)] = []
        for (id, item) in items where keeps(item.price) {
            let own = segments(item.vector)
            var sum = 0.0
            for (space, weight) in weights {
                for (a, b) in zip(parts[space] ?? [], own[space] ?? []) { sum += weight * Double(a) * Double(b) }
            }
            scored.append((id, sum / total))
        }
        return scored.sorted { a, b in a.score == b.score ? a.id < b.id : a.score > b.score }
    }
}

@Suite("Collections in memory and on disk")
struct CollectionServiceTests {
    @Test("Over random writes, deletes, weights and filters the hits are those of the plainest loop")
    func equalsNaive() throws {
        let shop = try Shop()
        for round in 0..<120 {
            let known = shop.items.keys.sorted()
            if round % 5 == 4, let victim = known.randomElement(using: &shop.random) {
                try shop.delete(victim)
            } else {
                try shop.put("item \(Int.random(in: 0..<60, using: &shop.random))", price: round)
            }
            guard round % 10 == 9 else { continue }
            if round % 40 == 39 { try shop.reopen() }
            let query = shop.vector()
            var weights: [SpaceName: Double] = [:]
            for space in Shop.spaces { weights[space] = Double(Int.random(in: -2...2, using: &shop.random)) }
            if weights.values.allSatisfy({ $0 == 0 }) { weights[Shop.spaces[0]] = 1 }
            let filter = try Filter(Array(#"{"price":{"$gte":\#(round / 2)}}"#.utf8))
            let answer = try shop.service.search(
                shop.name,
                SearchRequest(.vectors(shop.segments(query)), weights: weights, k: 7, offset: 1, filter: filter))
            let wanted = shop.naive(query, weights) { $0 >= round / 2 }.dropFirst().prefix(7)
            #expect(answer.isExact && answer.hits.count == wanted.count)
            for (hit, right) in zip(answer.hits, wanted) {
                #expect(abs(hit.score - right.score) < 1e-6, "\(round): \(hit.item.id) \(hit.score), \(right)")
                let sum = hit.scores.reduce(0.0) { $0 + (weights[$1.space] ?? 0) * $1.cosine }
                #expect(abs(sum / weights.values.reduce(0) { $0 + abs($1) } - hit.score) < 1e-5)
            }
        }
        #expect(shop.service.size.vectors == shop.items.count)
    }

    @Test("Examples are liked and disliked by their directions, and are not found themselves")
    func examples() throws {
        let shop = try Shop()
        for number in 0..<30 { try shop.put("i\(number)", price: number) }
        let like = try [ItemID("i3"), ItemID("i4")]
        let unlike = try [ItemID("i5")]
        let answer = try shop.service.search(
            shop.name, SearchRequest(.examples(like: like, unlike: unlike), k: 100))
        #expect(answer.hits.count == 27)
        var query = [Float](repeating: 0, count: 18)
        for (id, share) in [("i3", Float(0.5)), ("i4", 0.5), ("i5", -0.5)] {
            let vector = try #require(shop.items[id]).vector
            for place in query.indices { query[place] += share * vector[place] }
        }
        let unit = Shop.spaces.flatMap { space -> [Float] in
            let segment = shop.segments(query)[space] ?? []
            let length = segment.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return segment.map { $0 / length }
        }
        let weights = Dictionary(uniqueKeysWithValues: Shop.spaces.map { ($0, 1.0) })
        let wanted = shop.naive(unit, weights) { ![3, 4, 5].contains($0) }
        #expect(answer.hits.map(\.item.id.text) == wanted.map(\.id))
    }

    @Test("A collection that is renamed or deleted is so for searches at once")
    func followsCollections() throws {
        let shop = try Shop(element: .float16)
        try shop.put("a", price: 1)
        let query = SearchRequest(.vectors(shop.segments(shop.vector())))
        let other = try CollectionName("other")
        try shop.store.rename(shop.name, to: other)
        #expect(throws: CollectionsError.catalog(.noSuchCollection)) { try shop.service.search(shop.name, query) }
        #expect(try shop.service.search(other, query).hits.map(\.item.id.text) == ["a"])
        try shop.store.deleteCollection(other)
        #expect(throws: CollectionsError.catalog(.noSuchCollection)) { try shop.service.search(other, query) }
        #expect(shop.service.size.collections == 0 && shop.service.size.vectors == 0)
    }

    @Test("What cannot be searched for is refused by name")
    func refusals() throws {
        let shop = try Shop()
        try shop.put("a", price: 1)
        let vectors = shop.segments(shop.vector())
        func refusal(_ request: SearchRequest) -> CollectionsError? {
            do { _ = try shop.service.search(shop.name, request) } catch { return error }
            return nil
        }
        #expect(refusal(SearchRequest(.vectors([:]))) == .nothingToSearch)
        #expect(refusal(SearchRequest(.vectors(vectors), k: 0)) == .outOfRange(name: "k", allowed: "1 to 1000"))
        #expect(refusal(SearchRequest(.examples(like: [try ItemID("b")], unlike: []))) == .noSuchExample(place: 0))
        let alien = try #require(SpaceName("hue"))
        #expect(
            refusal(SearchRequest(.vectors(vectors), weights: [alien: 1]))
                == .unknownSpace(known: ["color", "rotation", "texture"]))
        #expect(
            refusal(SearchRequest(.vectors([Shop.spaces[0]: [1, 0, 0, 0, 0, 0]]), weights: [Shop.spaces[1]: 1]))
                == .noVector(space: "rotation"))
        #expect(refusal(SearchRequest(.vectors(vectors), weights: [Shop.spaces[0]: 0])) == .search(.noWeight))
        #expect(
            refusal(SearchRequest(.vectors([Shop.spaces[0]: [1]]))) == .search(.wrongLength(expected: 6, found: 1)))
    }
}
