// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Foundation
import TestSupport
import Statistics
import Testing

/// Features and what NumPy, SciPy and scikit-learn make of them (Fixtures/make_protocols.py).
struct ProtocolFixture {
    private let golden: GoldenTensors
    let train: FeatureTable
    let test: FeatureTable

    init() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/protocols.safetensors")
        let golden = try GoldenTensors(file)
        func table(_ name: String) throws -> FeatureTable {
            let entry = try #require(golden[name])
            let labels = try #require(golden[name + "_labels"]).values.map { Int($0) }
            return try FeatureTable(values: entry.values, dimensions: entry.shape[1], labels: labels)
        }
        self.golden = golden
        (train, test) = (try table("train"), try table("test"))
    }

    func values(_ name: String) throws -> [Float] { try #require(golden[name]).values }

    func integers(_ name: String) throws -> [Int] { try values(name).map { Int($0) } }
}

/// Tables made up by tests.
enum Made {
    /// Rows around a centre a class, the labels in turn; larger `spread` makes classes overlap.
    static func clusters(
        rows: Int, classes: Int, dimensions: Int, spread: Float, seed: UInt64, groups: [Int]? = nil
    ) throws -> FeatureTable {
        // The centres are the same whatever the seed, so that tables of two seeds are a training and a test table.
        var fixed = SeededGenerator(seed: 77)
        let centres = (0..<classes).map { _ in fixed.floats(dimensions) }
        var random = SeededGenerator(seed: seed)
        let labels = (0..<rows).map { $0 % classes }
        let values = labels.flatMap { label in
            zip(centres[label], normals(dimensions, &random)).map { $0 + spread * $1 }
        }
        return try FeatureTable(values: values, dimensions: dimensions, labels: labels, groups: groups)
    }

    /// About normal: the sum of 12 uniform numbers.
    static func normals(_ count: Int, _ random: inout SeededGenerator) -> [Float] {
        (0..<count).map { _ in random.floats(12).reduce(0, +) / 2 }
    }

    /// Rows of given features.
    static func table(_ rows: [[Float]], labels: [Int], groups: [Int]? = nil) throws -> FeatureTable {
        try FeatureTable(
            values: rows.flatMap(\.self), dimensions: rows.first?.count ?? 1, labels: labels, groups: groups)
    }

    static func cosine(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>) -> Double {
        let dot = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        let squares = (a.reduce(0.0) { $0 + Double($1) * Double($1) }, b.reduce(0.0) { $0 + Double($1) * Double($1) })
        return dot / (squares.0 * squares.1).squareRoot()
    }
}
