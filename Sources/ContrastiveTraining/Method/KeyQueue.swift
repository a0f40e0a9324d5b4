// SPDX-License-Identifier: Apache-2.0

package import Kernels
package import Tensors

/// The negatives of one embedding space: the last `length` keys, oldest overwritten first (MoCo, section 3.2).
///
/// Each row carries the number of the image it came from, so that a query need not be pushed away from older views of
/// its own image. Scores of queries against all rows are one fully connected layer whose weights are the rows.
package struct KeyQueue: Sendable {
    package let length: Int
    package let dimensions: Int
    /// Rows of unit length: length x dimensions.
    package let rows: FloatStorage
    /// The image each row came from; -1 for the random rows it starts with.
    package private(set) var images: [Int32]
    /// The row written next.
    package private(set) var next = 0
    let operand: TrainableConvolution

    /// A queue full of random unit vectors, as MoCo starts it.
    package init(length: Int, dimensions: Int, random: inout some RandomNumberGenerator) {
        self.init(length: length, dimensions: dimensions)
        for row in 0..<length {
            let vector = (0..<dimensions).map { _ in Float.random(in: -1...1, using: &random) }
            let size = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            for (column, value) in vector.enumerated() { rows.buffer[row * dimensions + column] = value / size }
        }
    }

    /// A queue with known content.
    ///
    /// `values` holds length x dimensions floats, `images` a number a row, `next` is below the length.
    package init(values: [Float], images: [Int32], next: Int, dimensions: Int) {
        precondition(
            values.count == images.count * dimensions && (0..<max(1, images.count)).contains(next),
            "\(values.count) values, \(images.count) rows of \(dimensions), next \(next)")
        self.init(length: images.count, dimensions: dimensions)
        _ = rows.buffer.update(from: values)
        self.images = images
        self.next = next
    }

    private init(length: Int, dimensions: Int) {
        self.length = length
        self.dimensions = dimensions
        rows = FloatStorage(count: length * dimensions)
        images = Array(repeating: -1, count: length)
        operand = TrainableConvolution(
            ConvolutionGeometry(inputChannels: dimensions, outputChannels: length, kernel: 1), carriesGradient: true)
    }

    /// Packs the rows for the scores of the step at hand; nobody may score meanwhile.
    package func pack(pool: ComputePool?) {
        guard length > 0 else { return }
        operand.pack(UnsafePointer(rows.buffer.baseAddress!), pool: pool)
    }

    /// Writes `count` keys over the oldest rows; `sources` are the images they came from.
    package mutating func enqueue(_ keys: UnsafePointer<Float>, images sources: [Int32]) {
        for (index, source) in sources.enumerated() where length > 0 {
            (rows.buffer.baseAddress! + next * dimensions).update(from: keys + index * dimensions, count: dimensions)
            images[next] = source
            next = (next + 1) % length
        }
    }
}
