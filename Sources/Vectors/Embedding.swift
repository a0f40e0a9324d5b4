// SPDX-License-Identifier: Apache-2.0

/// One vector in one space: what the compute half hands to the serving half.
package struct Embedding: Hashable, Sendable {
    package let space: SpaceName
    /// The components, `dimensions` of the space; all finite.
    package let values: [Float]

    package init(space: SpaceName, values: [Float]) {
        self.space = space
        self.values = values
    }

    /// The same direction with length 1; a zero vector stays zero.
    package var normalised: Embedding {
        let norm = Self.norm(values)
        guard norm > 0 else { return self }
        return Embedding(space: space, values: values.map { $0 / norm })
    }

    /// Cosine of the angle between two vectors of equal length, 0 when either is zero.
    package static func cosine(_ left: [Float], _ right: [Float]) -> Float {
        precondition(left.count == right.count, "cosine of \(left.count) and \(right.count) numbers")
        var dot: Double = 0
        for index in left.indices { dot += Double(left[index]) * Double(right[index]) }
        let scale = Double(norm(left)) * Double(norm(right))
        return scale > 0 ? Float(dot / scale) : 0
    }

    private static func norm(_ values: [Float]) -> Float {
        var sum: Double = 0
        for value in values { sum += Double(value) * Double(value) }
        return Float(sum.squareRoot())
    }
}
