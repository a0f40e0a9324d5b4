// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Foundation
import Kernels
import TestSupport
import Statistics
import Testing

@Suite("Weighted nearest neighbours")
struct NearestNeighboursTests {
    private let fixture: ProtocolFixture

    init() throws { fixture = try ProtocolFixture() }

    @Test("Predictions are scikit-learn's", arguments: [(200, 0.1), (20, 0.07), (5, 0.5)])
    func reference(k: Int, temperature: Double) throws {
        let result = try NearestNeighbours(bank: fixture.train).classify(
            fixture.test, options: .init(k: k, temperature: temperature))
        #expect(result.predictions == (try fixture.integers("knn.\(k)")))
        let hits = zip(result.predictions, fixture.test.labels).count { $0 == $1 }
        #expect(result.accuracy.value == Double(hits) / 150)
        #expect(result.hits.reduce(0, +) == Double(hits))
    }

    @Test("Every ranked list and every vote is that of a plain loop")
    func plainLoop() throws {
        let (bank, queries) = (fixture.train, fixture.test)
        let found = try NearestNeighbours(bank: bank).neighbours(of: queries, count: 9)
        for query in 0..<queries.count {
            let cosines = (0..<bank.count).map { Made.cosine(queries[query], bank[$0]) }
            let best = cosines.indices.sorted { (cosines[$0], $1) > (cosines[$1], $0) }.prefix(9)
            #expect(found[query].map(\.row) == Array(best))
            for neighbour in found[query] {
                #expect(abs(Double(neighbour.similarity) - cosines[neighbour.row]) < 1e-5)
            }
        }
    }

    @Test("Equals come in the order of the bank, and k is clamped to it")
    func ties() throws {
        let bank = try Made.table([[1, 0], [0, 1], [2, 0], [1, 0], [3, 0]], labels: [0, 1, 2, 3, 4])
        let query = try Made.table([[5, 0]], labels: [4])
        let neighbours = try NearestNeighbours(bank: bank)
        #expect(neighbours.neighbours(of: query, count: 3)[0].map(\.row) == [0, 2, 3])
        #expect(neighbours.neighbours(of: query, count: 99)[0].map(\.row) == [0, 2, 3, 4, 1])
        #expect(neighbours.neighbours(of: query, count: 0)[0].isEmpty)
        let result = try neighbours.classify(query, options: .init(k: 1_000, temperature: 0.1))
        // Four equal votes: the lowest class wins the draw, so the last of the four has three above it.
        #expect(result.predictions == [0] && result.ranks == [3])
    }

    @Test("A near neighbour outvotes many far ones at a low temperature only")
    func temperature() throws {
        let bank = try Made.table([[1, 0.1], [1, 1], [1, 1.1], [1, 0.9]], labels: [0, 1, 1, 1])
        let query = try Made.table([[1, 0]], labels: [0])
        let neighbours = try NearestNeighbours(bank: bank)
        #expect(try neighbours.classify(query, options: .init(k: 4, temperature: 0.1)).predictions == [0])
        #expect(try neighbours.classify(query, options: .init(k: 4, temperature: 10)).predictions == [1])
    }

    @Test("A query finds neither itself nor its group where that is asked for")
    func exclusion() throws {
        let table = try Made.table(
            [[1, 0], [1, 0.01], [1, 0.1], [0, 1]], labels: [0, 0, 1, 1], groups: [7, 7, 8, 9])
        let neighbours = try NearestNeighbours(bank: table)
        func first(_ exclusion: NearestNeighbours.Exclusion, _ queries: FeatureTable) -> [Int?] {
            neighbours.neighbours(of: queries, count: 1, excluding: exclusion).map { $0.first?.row }
        }
        #expect(first(.nobody, table) == [0, 1, 2, 3])
        #expect(first(.ownRow, table) == [1, 0, 1, 2])
        #expect(first(.ownGroup, table) == [2, 2, 1, 2])
        let alone = try Made.table([[1, 0]], labels: [0], groups: [1])
        #expect(
            try NearestNeighbours(bank: alone).neighbours(of: alone, count: 3, excluding: .ownGroup) == [[]])
        #expect(try NearestNeighbours(bank: alone).classify(alone, excluding: .ownRow).accuracy.count == 1)
    }

    @Test("The same bits come out on any number of threads, and for more queries than a block holds")
    func threads() throws {
        let bank = try Made.clusters(rows: 400, classes: 5, dimensions: 24, spread: 1, seed: 1)
        let queries = try Made.clusters(rows: 300, classes: 5, dimensions: 24, spread: 1, seed: 2)
        let lists = try [nil, ComputePool(threads: 1), ComputePool(threads: 3)].map {
            try NearestNeighbours(bank: bank, pool: $0).neighbours(of: queries, count: 7)
        }
        #expect(lists[1] == lists[0] && lists[2] == lists[0])
        let single = try NearestNeighbours(bank: bank)
        for row in stride(from: 0, to: 300, by: 37) {
            #expect(single.neighbours(of: queries.rows([row]), count: 7)[0].map(\.row) == lists[0][row].map(\.row))
        }
    }

    @Test("Zero rows are like nothing, and empty tables are refused")
    func degenerate() throws {
        let bank = try Made.table([[0, 0], [1, 0]], labels: [0, 1])
        let found = try NearestNeighbours(bank: bank).neighbours(of: try Made.table([[0, 0]], labels: [0]), count: 2)
        #expect(found[0].map(\.similarity) == [0, 0])
        #expect(throws: ProtocolError.noRows(role: "bank")) { try NearestNeighbours(bank: bank.rows([])) }
        #expect(throws: ProtocolError.noRows(role: "queries")) {
            try NearestNeighbours(bank: bank).classify(bank.rows([]))
        }
    }

    @Test("The published vote is for banks where 200 neighbours can all be of one class")
    func suited() {
        #expect(NearestNeighbours.Options.suited(rows: 4_000, classes: 20) == .published)
        #expect(NearestNeighbours.Options.suited(rows: 3_999, classes: 20) == .small)
    }
}
