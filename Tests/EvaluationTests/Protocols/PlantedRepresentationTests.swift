// SPDX-License-Identifier: Apache-2.0

import Evaluation
import TestSupport
import Statistics
import Testing

/// Representations of made-up pictures whose contents are known: a shape, a colour, and noise.
///
/// The colour-blind one has everything but the colour, the colour-aware one both.
@Suite("Planted representations")
struct PlantedRepresentationTests {
    private static let shapes = 5
    private static let colors = 6

    private struct Planted {
        let aware: FeatureTable
        let blind: FeatureTable
        let shape: [Int]
        let color: [Int]

        init(rows: Int, seed: UInt64) throws {
            var fixed = SeededGenerator(seed: 99)
            let directions = (0..<shapes + colors).map { _ in fixed.floats(16) }
            var random = SeededGenerator(seed: seed)
            shape = (0..<rows).map { _ in Int.random(in: 0..<shapes, using: &random) }
            color = (0..<rows).map { _ in Int.random(in: 0..<colors, using: &random) }
            var (aware, blind): ([Float], [Float]) = ([], [])
            for row in 0..<rows {
                let noise = Made.normals(16, &random)
                for column in 0..<16 {
                    let base = directions[shape[row]][column] + 0.5 * noise[column]
                    blind.append(base)
                    aware.append(base + directions[shapes + color[row]][column])
                }
            }
            self.aware = try FeatureTable(values: aware, dimensions: 16, labels: color)
            self.blind = try FeatureTable(values: blind, dimensions: 16, labels: color)
        }
    }

    private let train: Planted
    private let test: Planted

    init() throws {
        (train, test) = (try Planted(rows: 400, seed: 1), try Planted(rows: 240, seed: 2))
    }

    @Test("The probe tells a colour-blind from a colour-aware representation by intervals that do not touch")
    func probe() throws {
        let probe = LinearProbe()
        let aware = try probe.evaluate(train: train.aware, test: test.aware).test
        let blind = try probe.evaluate(train: train.blind, test: test.blind).test
        #expect(aware.accuracy.interval.low > blind.accuracy.interval.high + 0.2)
        let counts = (0..<Self.colors).map { color in test.color.count { $0 == color } }
        let majority = Double(counts.max() ?? 0) / Double(test.color.count)
        let chance = 1 / Double(Self.colors)
        #expect(blind.accuracy.interval.low < max(chance, majority) && blind.accuracy.value < 0.3)
        let difference = PairedDifference(first: aware.hits, second: blind.hits)
        #expect(difference.isBetter && !difference.isWorse && difference.pValue < 0.01)
    }

    @Test("So do nearest neighbours, few-shot draws and retrieval, while the shape is found in both")
    func otherProtocols() throws {
        func all(_ train: FeatureTable, _ test: FeatureTable) throws -> [Estimate] {
            let retrieved = try Retrieval(bank: train).byLabel(test)
            return [
                try NearestNeighbours(bank: train).classify(test, options: .small).accuracy,
                try FewShot(shots: 10).evaluate(train: train, test: test).accuracy,
                try #require(retrieved.recall[1]), retrieved.meanAveragePrecision,
            ]
        }
        for (aware, blind) in zip(try all(train.aware, test.aware), try all(train.blind, test.blind)) {
            #expect(aware.interval.low > blind.interval.high, "\(aware) \(blind)")
            #expect(blind.value < 0.3)
        }
        let shapes = try [(train.aware, test.aware), (train.blind, test.blind)].map { tables in
            try LinearProbe().evaluate(
                train: tables.0.relabelled(train.shape), test: tables.1.relabelled(test.shape)
            ).test.accuracy
        }
        #expect(shapes.allSatisfy { $0.interval.low > 0.75 })
    }

    @Test("A label that follows from nothing is at chance, whatever the representation has")
    func nothingToFind() throws {
        var random = SeededGenerator(seed: 5)
        func guessed(_ table: FeatureTable) -> FeatureTable {
            table.relabelled((0..<table.count).map { _ in Int.random(in: 0..<4, using: &random) })
        }
        let report = try LinearProbe().evaluate(train: guessed(train.aware), test: guessed(test.aware))
        #expect(report.test.accuracy.interval.contains(0.25))
    }
}
