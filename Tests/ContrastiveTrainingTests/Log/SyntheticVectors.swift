// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// Rows of unit vectors with a known kind of collapse.
enum SyntheticVectors {
    /// Spread evenly over the sphere.
    static func sphere(_ count: Int, _ dimensions: Int, seed: UInt64 = 1) -> [Float] {
        rows(count, dimensions, seed) { _, normal in normal }
    }

    /// Spread evenly over the sphere of the first `rank` dimensions.
    static func subspace(_ count: Int, _ dimensions: Int, rank: Int, seed: UInt64 = 1) -> [Float] {
        rows(count, dimensions, seed) { index, normal in index < rank ? normal : 0 }
    }

    /// All the same.
    static func point(_ count: Int, _ dimensions: Int) -> [Float] {
        rows(count, dimensions, 1) { _, _ in 1 }
    }

    /// Close around one direction.
    static func cone(_ count: Int, _ dimensions: Int, width: Float) -> [Float] {
        rows(count, dimensions, 1) { _, normal in 1 + width * normal }
    }

    private static func rows(
        _ count: Int, _ dimensions: Int, _ seed: UInt64, _ element: (Int, Float) -> Float
    ) -> [Float] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).flatMap { _ in
            let row = (0..<dimensions).map { element($0, normal(&random)) }
            let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return row.map { $0 / length }
        }
    }

    /// About normal: the sum of twelve uniform numbers.
    private static func normal(_ random: inout SeededGenerator) -> Float {
        (0..<12).reduce(0) { sum, _ in sum + Float.random(in: -0.5..<0.5, using: &random) }
    }
}
