// SPDX-License-Identifier: Apache-2.0

import Catalog
import Collections
import TestSupport
import Testing
import VectorSearch
import Vectors

@Suite("Every engine searches alike")
struct SearchConformanceTests {
    @Test(
        "Over random writes, deletes, weights, filters, offsets and bounds the hits are those of the plainest loop",
        arguments: EngineCase.available, VectorElement.allCases)
    func equalsNaive(_ kind: EngineCase, _ element: VectorElement) throws {
        let shelf = try Shelf(Bench(kind), element: element)
        var json = RandomJSON(random: SeededGenerator(seed: 12))
        let tolerance = element == .float32 ? 2e-6 : 3e-3
        for round in 0..<300 {
            if round % 5 == 4, let victim = shelf.items.keys.sorted().randomElement(using: &shelf.random) {
                try shelf.delete(victim)
            } else {
                try shelf.put(
                    "item \(Int.random(in: 0..<80, using: &shelf.random))", Metadata(Array(json.object().utf8)))
            }
            guard round % 6 == 5 else { continue }
            let (query, weights) = (shelf.vector(), shelf.weights())
            let filter = round % 4 == 1 ? try Filter(Array(json.filter().utf8)) : .everything
            let least: Double? = round % 5 == 0 ? 0.05 : nil
            let offset = Int.random(in: 0..<4, using: &shelf.random)
            let answer = try shelf.engine.search(
                shelf.name,
                SearchRequest(
                    .vectors(shelf.segments(query)), weights: weights, k: 9, offset: offset, filter: filter,
                    minScore: least, exact: round % 2 == 0))
            let all = try shelf.naive(query, weights, filter).filter { $0.score >= least ?? -2 }
            let wanted = all.dropFirst(offset).prefix(9)
            #expect(answer.isExact && answer.expectedRecall == 1 && answer.hits.count == wanted.count)
            for (hit, right) in zip(answer.hits, wanted) {
                #expect(abs(hit.score - right.score) < tolerance, "\(round): \(hit.item.id) \(hit.score), \(right)")
                #expect(hit.item.metadata == shelf.items[hit.item.id.text]?.metadata)
                for (space, cosine) in hit.scores {
                    let own = shelf.segments(try #require(shelf.items[hit.item.id.text]).vector)[space] ?? []
                    #expect(abs(cosine - Shelf.cosine(own, shelf.segments(query)[space] ?? [])) < tolerance)
                }
            }
        }
    }

    @Test(
        "Examples are liked and disliked by their directions, and are not found themselves",
        arguments: EngineCase.available)
    func examples(_ kind: EngineCase) throws {
        let shelf = try Shelf(Bench(kind))
        for number in 0..<30 { try shelf.put("i\(number)") }
        let answer = try shelf.engine.search(
            shelf.name,
            SearchRequest(.examples(like: [ItemID("i3"), ItemID("i4")], unlike: [ItemID("i5")]), k: 100))
        #expect(answer.hits.count == 27 && !answer.hits.contains { ["i3", "i4", "i5"].contains($0.item.id.text) })
        let own = try shelf.engine.search(shelf.name, SearchRequest(.examples(like: [ItemID("i3")], unlike: []), k: 3))
        let weights = Dictionary(uniqueKeysWithValues: Shelf.spaces.map { ($0, 1.0) })
        let wanted = try shelf.naive(#require(shelf.items["i3"]).vector, weights).filter { $0.id != "i3" }
        #expect(own.hits.map(\.item.id.text) == wanted.prefix(3).map(\.id))
    }

    @Test("What a search may not ask is refused in the same words", arguments: EngineCase.available)
    func refusals(_ kind: EngineCase) throws {
        let shelf = try Shelf(Bench(kind))
        try shelf.put("a")
        let (engine, name) = (shelf.engine, shelf.name)
        let (good, color) = (shelf.segments(shelf.vector()), Shelf.spaces[0])
        let strange = try #require(SpaceName("strange"))
        let cases: [(SearchRequest, CollectionsError)] = [
            (SearchRequest(.vectors(good), k: 0), .outOfRange(name: "k", allowed: "1 to 1000")),
            (SearchRequest(.vectors([:])), .nothingToSearch),
            (SearchRequest(.examples(like: [], unlike: [])), .nothingToSearch),
            (SearchRequest(.vectors([strange: [1]])), .unknownSpace(known: Shelf.spaces.map(\.text))),
            (SearchRequest(.vectors(good), weights: [strange: 1]), .unknownSpace(known: Shelf.spaces.map(\.text))),
            (
                SearchRequest(.vectors([color: [1, 0, 0, 0, 0, 0]]), weights: [Shelf.spaces[1]: 1]),
                .noVector(space: "rotation")
            ),
            (SearchRequest(.vectors([color: [1]])), .search(.wrongLength(expected: 6, found: 1))),
            (SearchRequest(.vectors([color: [.nan, 0, 0, 0, 0, 0]])), .search(.notFinite)),
            (SearchRequest(.vectors(good), weights: [color: 0]), .search(.noWeight)),
            (SearchRequest(.vectors(good), weights: [color: .infinity]), .search(.weightNotFinite)),
            (try SearchRequest(.examples(like: [ItemID("a"), ItemID("b")], unlike: [])), .noSuchExample(place: 1)),
        ]
        for (request, error) in cases {
            #expect(throws: error) { _ = try engine.search(name, request) }
        }
        #expect(throws: CollectionsError.catalog(.noSuchCollection)) {
            _ = try engine.search(CollectionName("nowhere"), SearchRequest(.vectors(good)))
        }
    }

    @Test("Advice is the same for the same items", .enabled(if: EngineCase.hasPostgres, "no PostgreSQL to be had"))
    func advice() throws {
        var found: [String] = []
        for kind in EngineCase.allCases {
            let shelf = try Shelf(Bench(kind))
            for number in 0..<24 { try shelf.put("i\(number)") }
            let labels = try (0..<24).map { (id: try ItemID("i\($0)"), label: $0 % 3 == 0 ? "x" : "y") }
            let advice = try shelf.engine.advise(shelf.name, .labelled(labels), sensitivities: [:])
            found.append("\(advice)")
            #expect(throws: CollectionsError.noSuchExample(place: 1)) {
                _ = try shelf.engine.advise(
                    shelf.name, .labelled([labels[0], (ItemID("gone"), "x")]), sensitivities: [:])
            }
        }
        #expect(found[0] == found[1])
    }

    @Test(
        "Both engines answer with the same items, scores and cosines to the bit",
        .enabled(if: EngineCase.hasPostgres, "no PostgreSQL to be had"))
    func identical() throws {
        let shelves = try EngineCase.allCases.map { try Shelf(Bench($0), seed: 3) }
        for number in 0..<200 { for shelf in shelves { try shelf.put("i\(number)") } }
        for _ in 0..<40 {
            let answers = try shelves.map { shelf in
                let query = shelf.segments(shelf.vector())
                return try shelf.engine.search(
                    shelf.name, SearchRequest(.vectors(query), weights: shelf.weights(), k: 20))
            }
            #expect(answers[0].hits.map(\.item.id) == answers[1].hits.map(\.item.id))
            #expect(answers[0].hits.map { Float($0.score) } == answers[1].hits.map { Float($0.score) })
            for (left, right) in zip(answers[0].hits, answers[1].hits) {
                #expect(left.scores.map(\.cosine) == right.scores.map(\.cosine))
            }
        }
    }
}
