// SPDX-License-Identifier: Apache-2.0

import ContrastiveTraining
import Foundation
import TestSupport
import Testing

/// Eigenvalues, effective rank and the statistics made of them.
@Suite("Effective rank")
struct EffectiveRankTests {
    private func expectEqual(_ a: [Double], _ b: [Double], within tolerance: Double) {
        #expect(a.count == b.count)
        for (x, y) in zip(a, b) { #expect(abs(x - y) <= tolerance, "\(x), expected \(y)") }
    }

    @Test("Small matrices have the eigenvalues worked out by hand")
    func smallMatrices() {
        #expect(SymmetricEigenvalues([], size: 0).values.isEmpty)
        #expect(SymmetricEigenvalues([-3], size: 1).values == [-3])
        expectEqual(SymmetricEigenvalues([2, 1, 1, 2], size: 2).values, [3, 1], within: 1e-14)
        expectEqual(
            SymmetricEigenvalues([2, -1, 0, -1, 2, -1, 0, -1, 2], size: 3).values,
            [2 + 2.squareRoot(), 2, 2 - 2.squareRoot()], within: 1e-14)
        #expect(SymmetricEigenvalues([1, 0, 0, 5], size: 2).sweeps == 0)
        #expect(SymmetricEigenvalues([1, .nan, .nan, 5], size: 2).values.allSatisfy { $0.isNaN })
    }

    @Test("The second difference has its known eigenvalues", arguments: [5, 31, 128])
    func secondDifference(size: Int) {
        var matrix = [Double](repeating: 0, count: size * size)
        for i in 0..<size {
            matrix[i * size + i] = 2
            if i > 0 { (matrix[i * size + i - 1], matrix[(i - 1) * size + i]) = (-1, -1) }
        }
        let expected = (1...size).map { 2 - 2 * cos(Double($0) * .pi / Double(size + 1)) }.sorted(by: >)
        expectEqual(SymmetricEigenvalues(matrix, size: size).values, expected, within: 1e-12)
    }

    @Test(
        "A random matrix keeps its trace and the sum of its squares, whatever its scale", arguments: [1e-150, 1, 1e140])
    func invariants(scale: Double) {
        let size = 24
        var random = SeededGenerator(seed: 3)
        var matrix = [Double](repeating: 0, count: size * size)
        for i in 0..<size {
            for j in 0...i {
                let value = Double.random(in: -1...1, using: &random)
                (matrix[i * size + j], matrix[j * size + i]) = (value * scale, value * scale)
            }
        }
        let values = SymmetricEigenvalues(matrix, size: size).values.map { $0 / scale }
        let trace = (0..<size).reduce(0) { $0 + matrix[$1 * size + $1] / scale }
        let squares = matrix.reduce(0) { $0 + ($1 / scale) * ($1 / scale) }
        #expect(abs(values.reduce(0, +) - trace) < 1e-11)
        #expect(abs(values.reduce(0) { $0 + $1 * $1 } - squares) < 1e-10)
        #expect(values == values.sorted(by: >))
    }

    @Test("n equal eigenvalues count as n, and unequal ones as less")
    func effectiveRank() {
        #expect(EffectiveRank.of(eigenvalues: [4]) == 1)
        #expect(abs(EffectiveRank.of(eigenvalues: [2, 2, 2, 0, -1e-18]) - 3) < 1e-12)
        #expect(abs(EffectiveRank.of(eigenvalues: [0.5, 0.25, 0.25]) - exp(1.5 * log(2))) < 1e-12)
        #expect(EffectiveRank.of(eigenvalues: []) == 0 && EffectiveRank.of(eigenvalues: [0, 0]) == 0)
        #expect(EffectiveRank.of(eigenvalues: [1, .nan]).isNaN)
    }

    @Test("Vectors all over the sphere have full rank and a spread of 1")
    func healthyVectors() {
        let statistics = EmbeddingStatistics(vectors: SyntheticVectors.sphere(4000, 16), dimensions: 16)
        #expect(statistics.count == 4000 && statistics.dimensions == 16)
        #expect(statistics.effectiveRank > 15.8 && statistics.effectiveRank <= 16)
        #expect(abs(statistics.spread - 1) < 0.02)
    }

    @Test("Vectors in a plane have rank 2, and the same vector again and again has none")
    func collapsedVectors() {
        let flat = EmbeddingStatistics(vectors: SyntheticVectors.subspace(2000, 16, rank: 2), dimensions: 16)
        #expect(abs(flat.effectiveRank - 2) < 0.02)
        let point = EmbeddingStatistics(vectors: SyntheticVectors.point(500, 16), dimensions: 16)
        #expect(point.effectiveRank == 0 && point.spread < 1e-6)
    }

    @Test("No vectors, one vector and vectors that are no numbers make statistics too")
    func oddVectors() {
        #expect(EmbeddingStatistics(vectors: [], dimensions: 4).effectiveRank == 0)
        #expect(EmbeddingStatistics(vectors: [1, 0, 0, 0], dimensions: 4).spread == 0)
        #expect(EmbeddingStatistics(vectors: [1, .nan, 0, 1], dimensions: 2).effectiveRank.isNaN)
    }
}
