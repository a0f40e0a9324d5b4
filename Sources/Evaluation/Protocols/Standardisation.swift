// SPDX-License-Identifier: Apache-2.0

internal import Tensors

/// The mean and the spread of every feature, learnt from one table and applied to others.
///
/// Learn it from training rows only: statistics of test rows would leak into the classifier.
package struct Standardisation: Sendable, Equatable {
    package let means: [Double]
    /// What a feature is multiplied by: 1 / its standard deviation (divided by the number of rows), or 0 where it does
    /// not vary.
    package let scales: [Double]

    /// A deviation below this part of the mean is rounding of Float.
    private static let constantBelow = 1e-6

    /// The statistics of `table`; one without rows gives zeros.
    package init(of table: FeatureTable) {
        let (count, dimensions) = (table.count, table.dimensions)
        var means = [Double](repeating: 0, count: dimensions)
        for row in 0..<count { Self.add(table[row], to: &means) }
        for column in 0..<dimensions { means[column] /= Double(max(1, count)) }
        var squares = [Double](repeating: 0, count: dimensions)
        for row in 0..<count { Self.addSquares(table[row], around: means, to: &squares) }
        self.means = means
        scales = zip(means, squares).map { mean, square in
            let deviation = (square / Double(max(1, count))).squareRoot()
            return deviation > Self.constantBelow * abs(mean) ? 1 / deviation : 0
        }
    }

    /// `table` with every feature shifted and scaled; in the learnt table each then has mean 0 and deviation 1 or 0.
    package func applied(to table: FeatureTable) -> FeatureTable {
        precondition(table.dimensions == means.count, "\(table.dimensions) features, statistics of \(means.count)")
        let target = FloatStorage(count: table.count * table.dimensions)
        for row in 0..<table.count {
            let (source, start) = (table[row], row * table.dimensions)
            means.withUnsafeBufferPointer { means in
                scales.withUnsafeBufferPointer { scales in
                    for column in 0..<source.count {
                        let value = (Double(source[column]) - means[column]) * scales[column]
                        target.buffer[start + column] = Float(min(max(value, -Self.largest), Self.largest))
                    }
                }
            }
        }
        return FeatureTable(
            finite: target, dimensions: table.dimensions, labels: table.labels, groups: table.groups)
    }

    /// More deviations from the mean than this are cut: they come from features that hardly vary in training.
    private static let largest = 1e4

    private static func add(_ row: UnsafeBufferPointer<Float>, to sums: inout [Double]) {
        sums.withUnsafeMutableBufferPointer { sums in
            for column in 0..<row.count { sums[column] += Double(row[column]) }
        }
    }

    private static func addSquares(
        _ row: UnsafeBufferPointer<Float>, around means: [Double], to sums: inout [Double]
    ) {
        means.withUnsafeBufferPointer { means in
            sums.withUnsafeMutableBufferPointer { sums in
                for column in 0..<row.count {
                    let difference = Double(row[column]) - means[column]
                    sums[column] += difference * difference
                }
            }
        }
    }
}
