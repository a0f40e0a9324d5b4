// SPDX-License-Identifier: Apache-2.0

package import Kernels
internal import Tensors

/// A linear classifier over several classes: scores are weights times features plus a bias a class.
package struct LinearClassifier: Sendable {
    package let classes: Int
    package let dimensions: Int
    /// classes x dimensions weights, row after row, then a bias a class.
    package let parameters: [Double]

    package init(classes: Int, dimensions: Int, parameters: [Double]) {
        precondition(
            parameters.count == classes * (dimensions + 1), "\(parameters.count) parameters, \(classes) x \(dimensions)"
        )
        self.classes = classes
        self.dimensions = dimensions
        self.parameters = parameters
    }

    /// What the classifier says about each row; labels at or above its classes are never right.
    package func classify(_ table: FeatureTable, pool: ComputePool? = nil) -> Classification {
        precondition(table.dimensions == dimensions, "\(table.dimensions) features, weights for \(dimensions)")
        let scores = scores(of: table, pool: pool)
        let known = max(classes, table.classes)
        let lists = (0..<table.count).map { row in
            scores.buffer[row * classes..<(row + 1) * classes].map { Double($0) }
                + Array(repeating: -Double.infinity, count: known - classes)
        }
        return Classification(scores: lists, truth: table.labels, groups: table.groups, classes: known)
    }

    /// Rows x classes floats.
    private func scores(of table: FeatureTable, pool: ComputePool?) -> FloatStorage {
        let scores = FloatStorage(count: table.count * classes)
        let weights = parameters.prefix(classes * dimensions).map { Float($0) }
        let geometry = ConvolutionGeometry(inputChannels: dimensions, outputChannels: classes, kernel: 1)
        let layer = weights.withUnsafeBufferPointer {
            PackedConvolution(
                geometry, weights: $0, scale: Array(repeating: 1, count: classes),
                bias: parameters.suffix(classes).map { Float($0) }, pool: pool)
        }
        guard table.count > 0, let target = scores.buffer.baseAddress else { return scores }
        layer.forward(
            images: table.count, map: MapShape(height: 1, width: 1, channels: dimensions),
            input: table.pointer(row: 0), output: target, epilogue: PackedConvolution.Epilogue(), pool: pool)
        return scores
    }
}
