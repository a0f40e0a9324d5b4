// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Kernels
import TestSupport
import Statistics
import Testing

@Suite("Retrieval")
struct RetrievalTests {
    private let fixture: ProtocolFixture

    init() throws { fixture = try ProtocolFixture() }

    @Test("Recall is that of sorted lists and precision scikit-learn's, query by query")
    func reference() throws {
        let report = try Retrieval(bank: fixture.train).byLabel(fixture.test)
        for depth in [1, 5, 10] {
            #expect(report.hits[depth] == (try fixture.values("recall.\(depth)").map(Double.init)))
        }
        for (ours, theirs) in zip(report.averagePrecisions, try fixture.values("map.labels")) {
            #expect(abs(ours - Double(theirs)) < 1e-5)
        }
        #expect(report.averagePrecisions.count == 150 && report.queriesLeftOut == 0)
        let mean = report.averagePrecisions.reduce(0, +) / 150
        #expect(abs(report.meanAveragePrecision.value - mean) < 1e-12)
    }

    /// Features that have a cosine of exactly 1 or 0 with the query (1, 0).
    private func levels(_ scores: [Float], labels: [Int]) throws -> FeatureTable {
        try Made.table(scores.map { $0 == 1 ? [1, 0] : [0, 1] }, labels: labels)
    }

    @Test("Equal scores get scikit-learn's precision, whatever the order of the bank")
    func tiesInPrecision() throws {
        let (levelsOf, expected) = (try fixture.values("coarse"), try fixture.values("map.coarse"))
        let query = try Made.table([[1, 0]], labels: [0])
        for number in 0..<20 {
            let scores = Array(levelsOf[number * 260..<(number + 1) * 260])
            let labels = fixture.train.labels.map { $0 == fixture.test.labels[number] ? 0 : 1 }
            let forward = try Retrieval(bank: levels(scores, labels: labels)).byLabel(query)
            let backward = try Retrieval(bank: levels(scores.reversed(), labels: labels.reversed())).byLabel(query)
            #expect(abs(forward.averagePrecisions[0] - Double(expected[number])) < 1e-6)
            #expect(forward.averagePrecisions == backward.averagePrecisions && forward.hits == backward.hits)
        }
    }

    @Test("Recall and rank among equals are their means over all orders")
    func tiesInRecall() throws {
        // Two right and three wrong rows at the top, then one right row.
        let bank = try levels([1, 1, 1, 1, 1, 0], labels: [0, 1, 1, 0, 1, 0])
        let report = try Retrieval(bank: bank, depths: [1, 2, 3, 4, 6]).byLabel(try Made.table([[1, 0]], labels: [0]))
        var random = SeededGenerator(seed: 3)
        var (hits, rank) = ([Int: Double](), 0.0)
        let draws = 20_000
        for _ in 0..<draws {
            let first = [true, false, false, true, false].shuffled(using: &random).firstIndex(of: true) ?? 5
            rank += Double(first + 1) / Double(draws)
            for depth in [1, 2, 3, 4, 6] where first < depth { hits[depth, default: 0] += 1 / Double(draws) }
        }
        for depth in [1, 2, 3, 4, 6] {
            #expect(abs((report.hits[depth]?[0] ?? .nan) - (hits[depth] ?? 0)) < 0.015, "\(depth)")
        }
        #expect(report.hits[4]?[0] == 1)
        #expect(abs(report.medianRank - rank) < 0.03)
    }

    @Test("A collapsed representation gets what chance gives, not what the order of the bank gives")
    func collapsed() throws {
        let labels = (0..<40).map { $0 < 10 ? 0 : 1 }
        let table = try Made.table(labels.map { _ in [1, 2] }, labels: labels)
        let report = try Retrieval(bank: table).byLabel(table.rows([0, 1]))
        #expect(abs((report.recall[1]?.value ?? .nan) - 0.25) < 1e-9)
        #expect(abs(report.meanAveragePrecision.value - 0.25) < 1e-9)
    }

    @Test("Instances: every query's own row, and the reciprocal of its place")
    func instances() throws {
        let bank = try Made.table([[1, 0], [0, 1], [1, 1], [-1, 0]], labels: [0, 1, 2, 3])
        // The first finds itself, the second comes after row 2, the third is last.
        let queries = try Made.table([[1, 0.1], [1, 0.9], [-1, -0.6]], labels: [0, 1, 2])
        let report = try Retrieval(bank: bank, depths: [1, 3]).instances(queries)
        #expect(report.hits == [1: [1, 0, 0], 3: [1, 1, 0]])
        #expect(zip(report.averagePrecisions, [1, 1.0 / 3, 0.25]).allSatisfy { abs($0 - $1) < 1e-9 })
        #expect(report.medianRank == 3)
    }

    @Test("Queries with nothing to find do not count, and a query may not find its own group")
    func leftOut() throws {
        let table = try Made.table(
            [[1, 0], [1, 0.1], [0, 1], [0, 1]], labels: [0, 0, 1, 2], groups: [3, 4, 5, 5])
        let report = try Retrieval(bank: table, depths: [1]).byLabel(table, excluding: .ownGroup)
        #expect(report.queriesLeftOut == 2 && report.hits == [1: [1, 1]] && report.groups == [3, 4])
        let strangers = table.relabelled([8, 9, 10, 11])
        #expect(throws: ProtocolError.nothingToFind) { try Retrieval(bank: table).byLabel(strangers) }
        #expect(throws: ProtocolError.noRows(role: "bank")) { try Retrieval(bank: table.rows([])) }
        #expect(throws: ProtocolError.noRows(role: "queries")) {
            try Retrieval(bank: table).instances(table.rows([]))
        }
    }

    @Test("A perfect recall of few queries does not claim to be certain")
    func perfectRecall() throws {
        let table = try Made.clusters(rows: 20, classes: 2, dimensions: 4, spread: 0.01, seed: 1)
        let report = try Retrieval(bank: table, depths: [1]).byLabel(table, excluding: .ownRow)
        let recall = try #require(report.recall[1])
        #expect(recall.value == 1 && recall.interval.high == 1 && abs(recall.interval.low - 0.839) < 0.001)
    }
}
