// SPDX-License-Identifier: Apache-2.0

internal import Tensors
package import Statistics

/// Features centred and decorrelated by the statistics of a set of clean images (Ericsson et al., BMVC 2022).
///
/// In it, cosines between an image and its changed view are not inflated by what all images have in common, and every
/// direction of variance counts the same. The covariance is widened by a small part of its mean variance, so that it can
/// be inverted with fewer images than dimensions. Costs images x dimensions^2 + dimensions^3 / 3, on one thread.
package struct WhitenedSpace: Sendable {
    private let means: [Double]
    /// The lower triangle L of the covariance L L', row after row.
    private let factor: [Double]

    /// Learns the statistics of `images`; `widening` is the part of the mean variance that is added to every variance.
    ///
    /// - Throws: ``ProtocolError/noRows(role:)`` for fewer than two rows.
    package init(of images: FeatureTable, widening: Double = 1e-3) throws(ProtocolError) {
        precondition(widening > 0, "widening \(widening)")
        guard images.count > 1 else { throw .noRows(role: "images") }
        means = Standardisation(of: images).means
        factor = Self.cholesky(Self.covariance(images, means, widening), size: images.dimensions)
    }

    /// The rows of `table` in the whitened space.
    package func applied(to table: FeatureTable) -> FeatureTable {
        let size = means.count
        precondition(table.dimensions == size, "\(table.dimensions) features, statistics of \(size)")
        let target = FloatStorage(count: table.count * size)
        for row in 0..<table.count {
            let solved = solve(zip(table[row], means).map { Double($0) - $1 })
            for column in 0..<size { target.buffer[row * size + column] = Float(solved[column]) }
        }
        return FeatureTable(finite: target, dimensions: size, labels: table.labels, groups: table.groups)
    }

    /// The mean cosine between images and their views in this space, with its interval over the images.
    ///
    /// 1 = the views are where the images are, 0 = the change leads away in unrelated directions.
    package func similarity(
        images: FeatureTable, views: FeatureTable, bootstrap: Bootstrap = Bootstrap()
    ) -> Estimate {
        precondition(images.count == views.count, "\(images.count) images, \(views.count) views")
        let (first, second) = (applied(to: images).unitRows(), applied(to: views).unitRows())
        let cosines = (0..<images.count).map { PairCosines.product(first[$0], second[$0]) }
        return bootstrap.mean(of: cosines, groups: images.groups)
    }

    /// The x of L x = `vector`.
    private func solve(_ vector: [Double]) -> [Double] {
        var result = vector
        let size = vector.count
        factor.withUnsafeBufferPointer { factor in
            result.withUnsafeMutableBufferPointer { result in
                for i in 0..<size {
                    var sum = result[i]
                    for j in 0..<i { sum -= factor[i * size + j] * result[j] }
                    result[i] = sum / factor[i * size + i]
                }
            }
        }
        return result
    }

    private static func covariance(_ table: FeatureTable, _ means: [Double], _ widening: Double) -> [Double] {
        let size = table.dimensions
        var matrix = [Double](repeating: 0, count: size * size)
        matrix.withUnsafeMutableBufferPointer { matrix in
            for row in 0..<table.count {
                let centred = zip(table[row], means).map { Double($0) - $1 }
                centred.withUnsafeBufferPointer { centred in
                    for i in 0..<size {
                        for j in 0...i { matrix[i * size + j] += centred[i] * centred[j] }
                    }
                }
            }
        }
        let scale = 1 / Double(table.count - 1)
        for place in matrix.indices { matrix[place] *= scale }
        let variance = (0..<size).reduce(0) { $0 + matrix[$1 * size + $1] } / Double(size)
        let added = variance > 0 ? widening * variance : 1
        for i in 0..<size { matrix[i * size + i] += added }
        return matrix
    }

    /// The lower triangle whose product with its transpose is the symmetric `matrix` (only its lower half is read).
    private static func cholesky(_ matrix: [Double], size: Int) -> [Double] {
        var result = matrix
        result.withUnsafeMutableBufferPointer { a in
            for i in 0..<size {
                for j in 0...i {
                    var sum = a[i * size + j]
                    for k in 0..<j { sum -= a[i * size + k] * a[j * size + k] }
                    a[i * size + j] = i == j ? max(sum, .leastNormalMagnitude).squareRoot() : sum / a[j * size + j]
                }
            }
        }
        return result
    }
}
