// SPDX-License-Identifier: Apache-2.0

private import Foundation
internal import Kernels
internal import Tensors

/// The function that softmax regression minimises, with room for its intermediate values.
///
/// The rows never change, the weights always do: so the rows are packed once, as the weights of two fully connected
/// layers (the rows for the scores, the columns for the gradient), and the classes are the batch. Scores lie class after
/// class. One user at a time; same bits on any number of threads.
struct SoftmaxObjective: Sendable {
    let table: FeatureTable
    let classes: Int
    private let rows: TrainableConvolution
    private let columns: TrainableConvolution
    private let weights: FloatStorage
    /// Scores, then probabilities minus the truth: classes x rows.
    private let errors: FloatStorage
    /// The gradient of the sum of the losses: classes x dimensions.
    private let gradient: FloatStorage
    /// A number a row: the highest score, the sum of the powers, the loss.
    private let peaks: FloatStorage
    private let sums: FloatStorage
    private let losses: FloatStorage
    private let pool: ComputePool?

    private static let rowsPerItem = 256

    /// Takes labels below `classes` and at least one row.
    init(_ table: FeatureTable, classes: Int, pool: ComputePool?) {
        precondition(
            table.count > 0 && table.classes <= classes,
            "\(table.count) rows, labels below \(table.classes) for \(classes) classes")
        self.table = table
        self.classes = classes
        self.pool = pool
        let (count, dimensions) = (table.count, table.dimensions)
        rows = Self.pack(table.pointer(row: 0), rows: count, columns: dimensions, pool)
        columns = Self.packTurned(table, pool)
        weights = FloatStorage(count: classes * dimensions)
        errors = FloatStorage(count: classes * count)
        gradient = FloatStorage(count: classes * dimensions)
        peaks = FloatStorage(count: count)
        sums = FloatStorage(count: count)
        losses = FloatStorage(count: count)
    }

    private static func pack(
        _ values: UnsafePointer<Float>, rows: Int, columns: Int, _ pool: ComputePool?
    ) -> TrainableConvolution {
        let geometry = ConvolutionGeometry(inputChannels: columns, outputChannels: rows, kernel: 1)
        let layer = TrainableConvolution(geometry, carriesGradient: false)
        layer.pack(values, pool: pool)
        return layer
    }

    private static func packTurned(_ table: FeatureTable, _ pool: ComputePool?) -> TrainableConvolution {
        let (count, dimensions) = (table.count, table.dimensions)
        let turned = [Float](unsafeUninitializedCapacity: count * dimensions) { target, filled in
            for row in 0..<count {
                let values = table[row]
                for column in 0..<dimensions { target[column * count + row] = values[column] }
            }
            filled = count * dimensions
        }
        return turned.withUnsafeBufferPointer { turned in
            pack(turned.baseAddress ?? table.pointer(row: 0), rows: dimensions, columns: count, pool)
        }
    }

    /// The value at `point` (weights class after class, then biases), and its gradient.
    func evaluate(_ point: [Double], strength: Double, gradient result: inout [Double]) -> Double {
        let size = classes * table.dimensions
        precondition(point.count == size + classes, "\(point.count) parameters for \(size) weights")
        for i in 0..<size { weights.buffer[i] = Float(point[i]) }
        multiply(weights, by: rows, into: errors)
        let biases = point.suffix(classes).map { Float($0) }
        ComputePool.run(on: pool, count: (table.count + Self.rowsPerItem - 1) / Self.rowsPerItem) { item in
            let first = item * Self.rowsPerItem
            softmax(first..<min(table.count, first + Self.rowsPerItem), biases)
        }
        multiply(errors, by: columns, into: gradient)
        let scale = 1 / Double(table.count)
        var penalty = 0.0
        for i in 0..<size {
            result[i] = Double(gradient.buffer[i]) * scale + strength * point[i]
            penalty += point[i] * point[i]
        }
        for label in 0..<classes { result[size + label] = errorSum(label) * scale }
        return losses.buffer.reduce(0.0) { $0 + Double($1) } * scale + strength / 2 * penalty
    }

    /// One row of `target` a class.
    private func multiply(_ source: FloatStorage, by layer: TrainableConvolution, into target: FloatStorage) {
        guard let input = source.buffer.baseAddress, let output = target.buffer.baseAddress else { return }
        let map = MapShape(height: 1, width: 1, channels: layer.geometry.inputChannels)
        layer.forward(images: classes, map: map, input: input, output: output, pool: pool)
    }

    /// Turns the scores of some rows into probabilities minus the truth, and notes their losses.
    private func softmax(_ range: Range<Int>, _ biases: [Float]) {
        for row in range { (peaks.buffer[row], sums.buffer[row]) = (-.infinity, 0) }
        for label in 0..<classes {
            let own = scores(label)
            for row in range {
                own[row] += biases[label]
                peaks.buffer[row] = max(peaks.buffer[row], own[row])
            }
        }
        for row in range { losses.buffer[row] = peaks.buffer[row] - scores(table.labels[row])[row] }
        for label in 0..<classes {
            let own = scores(label)
            for row in range {
                let power = exp(own[row] - peaks.buffer[row])
                own[row] = power
                sums.buffer[row] += power
            }
        }
        for row in range {
            losses.buffer[row] += log(sums.buffer[row])
            sums.buffer[row] = 1 / sums.buffer[row]
        }
        for label in 0..<classes {
            let own = scores(label)
            for row in range { own[row] *= sums.buffer[row] }
        }
        for row in range { scores(table.labels[row])[row] -= 1 }
    }

    /// The scores (or errors) of all rows for one class.
    private func scores(_ label: Int) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(rebasing: errors.buffer[label * table.count..<(label + 1) * table.count])
    }

    private func errorSum(_ label: Int) -> Double { scores(label).reduce(0.0) { $0 + Double($1) } }
}
