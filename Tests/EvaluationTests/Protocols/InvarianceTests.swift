// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Tensors
import TestSupport
import Statistics
import Testing

@Suite("Measures of invariance")
struct InvarianceTests {
    private let images: FeatureTable
    private let bootstrap = Bootstrap(resamples: 200)

    init() throws {
        images = try Made.clusters(rows: 120, classes: 6, dimensions: 10, spread: 0.7, seed: 1)
    }

    private func views(_ body: (Int, UnsafeBufferPointer<Float>) -> [Float]) throws -> FeatureTable {
        try Made.table((0..<images.count).map { body($0, images[$0]) }, labels: images.labels)
    }

    @Test("The reference's numbers come out of NumPy's features")
    func reference() throws {
        let fixture = try ProtocolFixture()
        let images = fixture.train.rows(Array(0..<100))
        let views = try FeatureTable(values: fixture.values("views"), dimensions: 19, labels: images.labels)
        let measured = try NormalisedInvariance(images: images, views: views)
        let expected = try fixture.values("invariance").map(Double.init)
        #expect(abs(measured.same - expected[0]) < 1e-5 && abs(measured.strangers - expected[1]) < 1e-5)
        #expect(abs(measured.invariance.value - expected[2]) < 1e-5)
        #expect(measured.invariance.interval.contains(expected[2]))
        let cosines = try fixture.values("whitened").map(Double.init)
        let similarity = try WhitenedSpace(of: images).similarity(images: images, views: views)
        #expect(abs(similarity.value - cosines.reduce(0, +) / 100) < 1e-4)
    }

    @Test("1 for views that change nothing or the length only, 0 for views of strangers")
    func ends() throws {
        let same = try NormalisedInvariance(images: images, views: images, bootstrap: bootstrap)
        #expect(abs(same.invariance.value - 1) < 1e-6 && same.invariance.interval.low > 1 - 1e-6)
        let longer = try views { _, row in row.map { 3 * $0 } }
        #expect(abs(try NormalisedInvariance(images: images, views: longer).invariance.value - 1) < 1e-6)
        var random = SeededGenerator(seed: 3)
        let runs = try (0..<40).map { _ in
            let strangers = images.rows(Array(0..<120).shuffled(using: &random))
            return try NormalisedInvariance(images: images, views: strangers, bootstrap: bootstrap).invariance
        }
        #expect(abs(runs.reduce(0) { $0 + $1.value } / 40) < 0.03)
        let held = runs.count { $0.interval.contains(0) }
        #expect(held >= 33, "\(held) of 40")
    }

    @Test("What all images have in common neither helps nor harms")
    func commonDirection() throws {
        func shifted(_ table: FeatureTable) throws -> FeatureTable {
            try FeatureTable(values: table.storage.buffer.map { $0 + 5 }, dimensions: 10, labels: table.labels)
        }
        var random = SeededGenerator(seed: 3)
        let strangers = images.rows(Array(0..<120).shuffled(using: &random))
        let measured = try NormalisedInvariance(images: try shifted(images), views: try shifted(strangers))
        #expect(measured.same > 0.9 && abs(measured.invariance.value) < 0.15)
        let whitened = try WhitenedSpace(of: try shifted(images)).similarity(
            images: try shifted(images), views: try shifted(strangers))
        #expect(abs(whitened.value) < 0.15)
    }

    @Test("More noise is less invariance, and the interval is as wide as the values of other images scatter")
    func noise() throws {
        func measured(_ spread: Float, seed: UInt64) throws -> Estimate {
            let images = try Made.clusters(rows: 120, classes: 6, dimensions: 10, spread: 0.7, seed: 2 * seed)
            var random = SeededGenerator(seed: 2 * seed + 1)
            let views = try FeatureTable(
                values: zip(images.storage.buffer, Made.normals(1_200, &random)).map { $0 + spread * $1 },
                dimensions: 10, labels: images.labels)
            return try NormalisedInvariance(images: images, views: views, bootstrap: bootstrap).invariance
        }
        #expect(try measured(0.3, seed: 1).interval.low > measured(1, seed: 1).interval.high)
        let runs = try (0..<30).map { try measured(0.8, seed: UInt64($0)) }
        let mean = runs.reduce(0) { $0 + $1.value } / 30
        let deviation = (runs.reduce(0) { $0 + ($1.value - mean) * ($1.value - mean) } / 29).squareRoot()
        let width = runs.reduce(0) { $0 + $1.interval.width } / 30
        #expect(abs(width / (2 * 1.96 * deviation) - 1) < 0.35, "\(width) against \(deviation)")
    }

    @Test("Features that are all one are invariant, as nothing differs; one image is refused")
    func collapsed() throws {
        let table = try Made.table(Array(repeating: [1, 2], count: 5), labels: [0, 0, 0, 0, 0])
        #expect(try NormalisedInvariance(images: table, views: table).invariance.value == 1)
        let one = table.rows([0])
        #expect(throws: ProtocolError.noRows(role: "images")) { try NormalisedInvariance(images: one, views: one) }
        #expect(throws: ProtocolError.noRows(role: "images")) { try WhitenedSpace(of: one) }
    }

    @Test("Whitened features have no covariance left")
    func whitens() throws {
        let space = try WhitenedSpace(of: images, widening: 1e-9).applied(to: images)
        for i in 0..<10 {
            for j in 0...i {
                let product = (0..<120).reduce(0.0) { $0 + Double(space[$1][i]) * Double(space[$1][j]) } / 119
                #expect(abs(product - (i == j ? 1 : 0)) < 1e-3)
            }
        }
    }

    @Test("The view that shares the parameter comes first where the space keeps it, anywhere where not")
    func viewRank() throws {
        var random = SeededGenerator(seed: 4)
        let noisy = { (table: FeatureTable) in
            try FeatureTable(
                values: zip(table.storage.buffer, Made.normals(1_200, &random)).map { $0 + 0.1 * $1 }, dimensions: 10,
                labels: table.labels)
        }
        let shifted = try views { _, row in row.enumerated().map { $0 < 5 ? $1 + 2 : $1 } }
        let other = try views { _, row in row.enumerated().map { $0 < 5 ? $1 : $1 - 2 } }
        let keeps = try ViewRank(
            queries: shifted, views: [try noisy(images), try noisy(shifted), try noisy(other)], matching: 1)
        #expect(keeps.first.interval.low > 0.9 && keeps.rank.value < 1.1 && keeps.advantage.value > 0.95)
        let ignores = try ViewRank(
            queries: images, views: [try noisy(images), try noisy(images), try noisy(images)], matching: 1)
        #expect(ignores.advantage.interval.contains(0.5) && ignores.rank.interval.contains(2) && ignores.chance == 2)
    }

    @Test("Equal views share their places: a collapsed space is at chance, not first")
    func viewRankTies() throws {
        let flat = try views { _, _ in Array(repeating: 1, count: 10) }
        let rank = try ViewRank(queries: flat, views: [flat, flat, flat, flat], matching: 0)
        #expect(rank.rank.value == 2.5 && rank.advantage.value == 0.5 && rank.first.value == 0)
    }
}

@Suite("Feature tables and seeded streams")
struct FeatureTableTests {
    @Test("Rows, labels and groups are taken along")
    func derived() throws {
        let table = try Made.table([[3, 4], [0, 0], [1, 0]], labels: [2, 0, 1], groups: [5, 6, 5])
        let picked = table.rows([2, 0, 0])
        #expect(picked.labels == [1, 2, 2] && picked.groups == [5, 5, 5] && Array(picked[1]) == [3, 4])
        let wide = table.beside(picked)
        #expect(wide.dimensions == 4 && Array(wide[0]) == [3, 4, 1, 0] && wide.labels == table.labels)
        let unit = table.unitRows()
        #expect(Array(unit[0]) == [0.6, 0.8] && Array(unit[1]) == [0, 0] && unit.groups == table.groups)
        #expect(table.relabelled([1, 1, 1]).groups == table.groups && table.relabelled([1, 1, 1]).classes == 2)
        #expect(table.classes == 3 && table.rows([]).classes == 0)
    }

    @Test("Streams are known by their names, uniform, and shuffle without loss")
    func streams() {
        func first(_ seed: UInt64, _ keys: UInt64...) -> UInt64 {
            var stream = keys.isEmpty ? SeededStream(seed: seed) : SeededStream(seed: seed, keys[0])
            return stream.next()
        }
        #expect(Set([first(1), first(2), first(1, 1), first(1, 2), first(2, 1)]).count == 5)
        var stream = SeededStream(seed: 3)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<7_000 { counts[stream.index(below: 7)] += 1 }
        #expect(counts.allSatisfy { abs($0 - 1_000) < 130 }, "\(counts)")
        #expect(stream.shuffled(Array(0..<50)).sorted() == Array(0..<50))
        #expect(stream.shuffled([Int]()).isEmpty)
    }

    @Test("Ranks count the classes scored above the true one; balanced accuracy weighs classes equally")
    func classification() throws {
        // 8 of 10 rows of class 0 lie at the bank's row of class 0, and none of 2 of class 1 does better.
        let bank = try Made.table([[1, 0], [0, 1]], labels: [0, 1])
        let rows: [[Float]] =
            Array(repeating: [1, 0.1], count: 8) + Array(repeating: [0.1, 1], count: 2)
            + [[0.1, 1], [1, 0.1]]
        let labels = Array(repeating: 0, count: 10) + [1, 1]
        let result = try NearestNeighbours(bank: bank).classify(try Made.table(rows, labels: labels))
        #expect(result.accuracy.value == 0.75 && result.perClass.map { $0?.value } == [0.8, 0.5])
        #expect(abs(result.balancedAccuracy.value - 0.65) < 1e-12)
        #expect(result.balancedAccuracy.interval.width > result.accuracy.interval.width)
        #expect(result.accuracy(top: 2).value == 1)
        let perfect = try NearestNeighbours(bank: bank).classify(bank).balancedAccuracy
        #expect(perfect.value == 1 && perfect.interval.low < 0.5)
    }
}
