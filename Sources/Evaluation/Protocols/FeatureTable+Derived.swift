// SPDX-License-Identifier: Apache-2.0

internal import Tensors

extension FeatureTable {
    /// The rows of these numbers, in this order; a row may come more than once.
    package func rows(_ numbers: [Int]) -> FeatureTable {
        let target = FloatStorage(count: numbers.count * dimensions)
        for (place, row) in numbers.enumerated() {
            let slot = target.buffer[place * dimensions..<(place + 1) * dimensions]
            _ = UnsafeMutableBufferPointer(rebasing: slot).initialize(from: self[row])
        }
        return FeatureTable(
            finite: target, dimensions: dimensions, labels: numbers.map { labels[$0] },
            groups: groups.map { groups in numbers.map { groups[$0] } })
    }

    /// The same features under other labels (another task on the same images); shares the memory.
    package func relabelled(_ labels: [Int]) -> FeatureTable {
        relabelled(labels, groups: groups)
    }

    /// The same under other labels and groups.
    package func relabelled(_ labels: [Int], groups: [Int]?) -> FeatureTable {
        FeatureTable(finite: storage, dimensions: dimensions, labels: labels, groups: groups)
    }

    /// Each row followed by the row of `other`, with this table's labels and groups.
    package func beside(_ other: FeatureTable) -> FeatureTable {
        precondition(count == other.count, "\(count) rows beside \(other.count)")
        let width = dimensions + other.dimensions
        let target = FloatStorage(count: count * width)
        for row in 0..<count {
            let start = row * width
            let left = target.buffer[start..<start + dimensions]
            let right = target.buffer[start + dimensions..<start + width]
            _ = UnsafeMutableBufferPointer(rebasing: left).initialize(from: self[row])
            _ = UnsafeMutableBufferPointer(rebasing: right).initialize(from: other[row])
        }
        return FeatureTable(finite: target, dimensions: width, labels: labels, groups: groups)
    }

    /// Every row divided by its length, so that dot products are cosines; a row of zeros stays as it is.
    package func unitRows() -> FeatureTable {
        let target = FloatStorage(count: count * dimensions)
        for row in 0..<count {
            let values = self[row]
            let square = values.reduce(0.0) { $0 + Double($1) * Double($1) }
            let factor = square > 0 ? 1 / square.squareRoot() : 0
            let start = row * dimensions
            for column in 0..<dimensions { target.buffer[start + column] = Float(Double(values[column]) * factor) }
        }
        return FeatureTable(finite: target, dimensions: dimensions, labels: labels, groups: groups)
    }
}
