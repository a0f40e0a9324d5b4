// SPDX-License-Identifier: Apache-2.0

private import Foundation

/// How many directions a set of vectors really uses.
package enum EffectiveRank {
    /// The exponential of the entropy of eigenvalues that are scaled to add up to 1: 1 for one direction, n for n equal
    /// ones.
    ///
    /// This is Roy and Vetterli's effective rank (EUSIPCO 2007) with the covariance's eigenvalues in the place of the
    /// singular values, so it counts directions by their variance. Negative eigenvalues are rounding and count as 0. It
    /// is 0 when there is no variance at all, and NaN when an eigenvalue is not finite.
    package static func of(eigenvalues: [Double]) -> Double {
        guard eigenvalues.allSatisfy(\.isFinite) else { return .nan }
        let positive = eigenvalues.filter { $0 > 0 }
        let total = positive.reduce(0, +)
        guard total > 0 else { return 0 }
        let entropy = positive.reduce(0) { $0 - $1 / total * log($1 / total) }
        return exp(entropy)
    }
}

/// How the embedding vectors of one space lie: the numbers a collapse shows in.
package struct EmbeddingStatistics: Sendable, Equatable, Codable {
    /// Vectors that were looked at.
    package let count: Int
    /// Numbers a vector has.
    package let dimensions: Int
    /// The directions in use, 1...dimensions (``EffectiveRank``); 0 when all vectors are the same.
    ///
    /// Fewer vectors than dimensions cannot show more than count - 1 directions.
    package let effectiveRank: Double
    /// The mean standard deviation of a dimension, times the square root of the dimensions.
    ///
    /// It is 1 for unit vectors spread evenly over the sphere and 0 when all vectors are the same (SimSiam, figure 2).
    package let spread: Double

    /// Statistics from known numbers.
    package init(count: Int, dimensions: Int, effectiveRank: Double, spread: Double) {
        self.count = count
        self.dimensions = dimensions
        self.effectiveRank = effectiveRank
        self.spread = spread
    }

    /// Statistics of `vectors`, row after row, each of `dimensions` numbers and unit length.
    ///
    /// Costs count x dimensions^2 and the eigenvalues of a dimensions x dimensions matrix: tens of milliseconds for 128.
    package init(vectors: UnsafeBufferPointer<Float>, dimensions: Int) {
        precondition(
            dimensions > 0 && vectors.count % dimensions == 0, "\(vectors.count) numbers for rows of \(dimensions)")
        let count = vectors.count / dimensions
        let covariance = Self.covariance(vectors, count, dimensions)
        var spread = 0.0
        for i in 0..<dimensions { spread += max(0, covariance[i * dimensions + i]).squareRoot() }
        let eigenvalues = SymmetricEigenvalues(covariance, size: dimensions).values
        self.init(
            count: count, dimensions: dimensions,
            effectiveRank: Self.isNegligible(covariance, dimensions) ? 0 : EffectiveRank.of(eigenvalues: eigenvalues),
            spread: spread / Double(dimensions).squareRoot())
    }

    /// Statistics of `vectors`, row after row, each of `dimensions` numbers and unit length.
    package init(vectors: [Float], dimensions: Int) {
        self = vectors.withUnsafeBufferPointer { EmbeddingStatistics(vectors: $0, dimensions: dimensions) }
    }

    /// Whether all variance together is no more than rounding of unit vectors of Float makes.
    private static func isNegligible(_ covariance: [Double], _ dimensions: Int) -> Bool {
        (0..<dimensions).reduce(0) { $0 + covariance[$1 * dimensions + $1] } < 1e-12
    }

    /// The covariance matrix, divided by the number of vectors; zero when there are none.
    private static func covariance(_ vectors: UnsafeBufferPointer<Float>, _ count: Int, _ dimensions: Int) -> [Double] {
        var mean = [Double](repeating: 0, count: dimensions)
        for row in 0..<count {
            for i in 0..<dimensions { mean[i] += Double(vectors[row * dimensions + i]) / Double(count) }
        }
        var matrix = [Double](repeating: 0, count: dimensions * dimensions)
        var centred = [Double](repeating: 0, count: dimensions)
        for row in 0..<count {
            for i in 0..<dimensions { centred[i] = Double(vectors[row * dimensions + i]) - mean[i] }
            add(centred, to: &matrix, scale: 1 / Double(count))
        }
        for i in 0..<dimensions {
            for j in 0..<i { matrix[i * dimensions + j] = matrix[j * dimensions + i] }
        }
        return matrix
    }

    /// Adds the outer product of a row with itself to the upper half of `matrix`.
    private static func add(_ row: [Double], to matrix: inout [Double], scale: Double) {
        row.withUnsafeBufferPointer { row in
            matrix.withUnsafeMutableBufferPointer { matrix in
                for i in 0..<row.count {
                    let factor = row[i] * scale
                    for j in i..<row.count { matrix[i * row.count + j] += factor * row[j] }
                }
            }
        }
    }
}
