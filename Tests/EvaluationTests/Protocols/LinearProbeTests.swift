// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Kernels
import Tensors
import TestSupport
import Statistics
import Testing

@Suite("The linear probe")
struct LinearProbeTests {
    private let fixture: ProtocolFixture
    private let standardised: FeatureTable
    private let judged: FeatureTable
    private static let strengths = [1.0, 0.03, 1e-3]

    init() throws {
        fixture = try ProtocolFixture()
        let scaling = Standardisation(of: fixture.train)
        standardised = scaling.applied(to: fixture.train)
        judged = scaling.applied(to: fixture.test)
    }

    @Test("Standardised features are scikit-learn's StandardScaler's")
    func standardises() throws {
        let expected = try fixture.values("standard.test")
        for (place, value) in judged.storage.buffer.enumerated() {
            #expect(abs(value - expected[place]) < 2e-5, "\(place)")
        }
    }

    @Test("A feature that does not vary counts for nothing, and one far outside what training saw is cut")
    func constantFeature() throws {
        let train = try Made.table([[5, 0, 1], [5, 1e-3, -1]], labels: [0, 1])
        let scaled = Standardisation(of: train).applied(to: try Made.table([[9, 1e9, 0]], labels: [0]))
        #expect(Array(scaled[0]) == [0, 1e4, 0])
    }

    @Test("Softmax regression finds scikit-learn's coefficients, objective and predictions", arguments: 0..<3)
    func regression(number: Int) throws {
        let strength = Self.strengths[number]
        let regression = SoftmaxRegression(
            minimiser: LimitedMemoryBFGS(gradientTolerance: 1e-6, maximumIterations: 2_000))
        let (classifier, report) = regression.fit(standardised, classes: 7, strength: strength)
        let weights = try fixture.values("probe.\(number).weights").map(Double.init)
        let bias = try fixture.values("probe.\(number).bias").map(Double.init)
        let ours = classifier.parameters.prefix(weights.count)
        // With a weak penalty the optimum is flat: the last digits of a weight hardly matter.
        let tolerance = 2e-3 * max(1, weights.map(abs).max() ?? 1)
        #expect(zip(ours, weights).map { abs($0 - $1) }.max() ?? .infinity < tolerance)
        let own = Array(classifier.parameters.suffix(7))
        let mean = own.reduce(0, +) / 7
        #expect(zip(own, bias).map { abs($0 - mean - $1) }.max() ?? .infinity < tolerance)
        let value = Double(try fixture.values("probe.\(number).value")[0])
        #expect(abs(report.value - value) < 1e-5 * max(1, value), "\(report)")
        let predictions = try fixture.integers("probe.\(number).predictions")
        #expect(classifier.classify(judged).predictions == predictions)
    }

    @Test("The whole probe is within a point of scikit-learn at the strength it chose")
    func wholeProbe() throws {
        var settings = LinearProbe.Settings()
        settings.strengths = Self.strengths
        let report = try LinearProbe(settings: settings).evaluate(train: fixture.train, test: fixture.test)
        let number = try #require(Self.strengths.firstIndex(of: report.strength))
        let predictions = try fixture.integers("probe.\(number).predictions")
        let hits = zip(predictions, fixture.test.labels).count { $0 == $1 }
        #expect(abs(report.test.accuracy.value - Double(hits) / Double(fixture.test.count)) < 0.01)
        #expect(report.trials.map(\.strength) == Self.strengths)
        let best = report.trials.map(\.validationAccuracy).max()
        #expect(report.trials.first { $0.validationAccuracy == best }?.strength == report.strength)
    }

    @Test("Nothing about the fit depends on the test rows: neither their labels nor their features")
    func testRowsAreNeverSeen() throws {
        let probe = LinearProbe()
        let report = try probe.evaluate(train: fixture.train, test: fixture.test)
        var random = SeededGenerator(seed: 1)
        let shuffled = fixture.test.relabelled(fixture.test.labels.shuffled(using: &random))
        let other = try probe.evaluate(train: fixture.train, test: shuffled)
        #expect(other.strength == report.strength && other.trials == report.trials)
        #expect(other.classifier.parameters == report.classifier.parameters)
        #expect(other.test.predictions == report.test.predictions)
        #expect(other.test.accuracy.value < 0.5 * report.test.accuracy.value)
        let part = try probe.evaluate(train: fixture.train, test: fixture.test.rows([0, 3]))
        #expect(part.classifier.parameters == report.classifier.parameters)
        #expect(part.standardisation == report.standardisation)
    }

    @Test("Noise features ask for a stronger penalty than clean ones")
    func strengthFollowsTheData() throws {
        func probe(_ spread: Float, _ dimensions: Int) throws -> LinearProbe.Report {
            let (train, test) = (
                try Made.clusters(rows: 120, classes: 3, dimensions: dimensions, spread: spread, seed: 1),
                try Made.clusters(rows: 30, classes: 3, dimensions: dimensions, spread: spread, seed: 2)
            )
            return try LinearProbe().evaluate(train: train, test: test)
        }
        let (noisy, clean) = (try probe(3, 60), try probe(0.6, 6))
        #expect(noisy.strength >= clean.strength)
        // 96 fitted rows of 60 features are told apart by heart; only rows held out show that nothing was learnt.
        #expect(noisy.trials.allSatisfy { $0.validationAccuracy < 0.9 })
    }

    @Test("The same bits come out on any number of threads")
    func threads() throws {
        let reports = try [nil, ComputePool(threads: 1), ComputePool(threads: 3)].map {
            try LinearProbe(pool: $0).evaluate(train: fixture.train, test: fixture.test)
        }
        for report in reports.dropFirst() {
            #expect(report.classifier.parameters == reports[0].classifier.parameters)
        }
    }

    @Test("Classes of two rows leave nothing to choose on: the strength is 1 / rows and it says so by no trials")
    func tooFewToValidate() throws {
        let train = try Made.clusters(rows: 6, classes: 3, dimensions: 4, spread: 0.05, seed: 1)
        let test = try Made.clusters(rows: 30, classes: 3, dimensions: 4, spread: 0.05, seed: 2)
        let report = try LinearProbe().evaluate(train: train, test: test)
        #expect(report.trials.isEmpty && report.strength == 1.0 / 6 && !report.isAtEdge)
        #expect(report.test.accuracy.value > 0.9)
    }

    @Test("Test rows of a class that training lacks are wrong, not out of bounds")
    func unknownClass() throws {
        let train = try Made.clusters(rows: 40, classes: 2, dimensions: 3, spread: 0.1, seed: 1)
        let test = try Made.clusters(rows: 40, classes: 2, dimensions: 3, spread: 0.1, seed: 2)
        let other = test.relabelled(test.labels.map { $0 == 1 ? 9 : 0 })
        let report = try LinearProbe().evaluate(train: train, test: other)
        #expect(abs(report.test.accuracy.value - 0.5) < 0.05)
        #expect(report.test.classes == 10 && report.test.perClass[9]?.value == 0)
        #expect(report.test.accuracy(top: 10).value == 1)
    }

    @Test("What cannot be probed is refused with what is missing")
    func refusals() throws {
        let table = try Made.clusters(rows: 8, classes: 2, dimensions: 3, spread: 0.1, seed: 1)
        let one = table.relabelled(Array(repeating: 4, count: 8))
        #expect(throws: ProtocolError.tooFewClasses(found: 1, needed: 2)) {
            try LinearProbe().evaluate(train: one, test: table)
        }
        #expect(throws: ProtocolError.noRows(role: "train")) {
            try LinearProbe().evaluate(train: table.rows([]), test: table)
        }
        #expect(throws: ProtocolError.noRows(role: "test")) {
            try LinearProbe().evaluate(train: table, test: table.rows([]))
        }
        #expect(throws: ProtocolError.notFinite(row: 1, column: 2)) {
            try FeatureTable(values: [0, 1, 2, 3, 4, .nan], dimensions: 3, labels: [0, 1])
        }
    }
}
