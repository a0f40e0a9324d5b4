// SPDX-License-Identifier: Apache-2.0

/// Points of many dimensions, one row a point, side by side in memory.
package struct PointRows: Sendable {
    package let count: Int
    package let dimensions: Int
    /// `count * dimensions` numbers, row after row; every one finite.
    let values: [Float]

    /// Rows of equal length.
    ///
    /// Numbers that are not finite count as 0: a picture of the data must not be lost over one of them. That `values` is
    /// not `count` rows of `dimensions` is our own bug.
    package init(_ values: [Float], dimensions: Int) {
        precondition(dimensions > 0, "rows of \(dimensions) numbers")
        precondition(values.count % dimensions == 0, "\(values.count) numbers in rows of \(dimensions)")
        count = values.count / dimensions
        self.dimensions = dimensions
        self.values = values.allSatisfy(\.isFinite) ? values : values.map { $0.isFinite ? $0 : 0 }
    }

    /// The same points, each with length 1; a point at the origin stays there.
    func normalised() -> PointRows {
        var result = values
        for row in 0..<count {
            let range = row * dimensions..<(row + 1) * dimensions
            let length = values[range].reduce(0) { $0 + $1 * $1 }.squareRoot()
            guard length > 0 else { continue }
            for place in range { result[place] /= length }
        }
        return PointRows(result, dimensions: dimensions)
    }

    /// The same points with their mean in the origin.
    func centred() -> PointRows {
        guard count > 0 else { return self }
        var mean = [Double](repeating: 0, count: dimensions)
        for row in 0..<count {
            for column in 0..<dimensions { mean[column] += Double(values[row * dimensions + column]) }
        }
        for column in 0..<dimensions { mean[column] /= Double(count) }
        var result = values
        for row in 0..<count {
            for column in 0..<dimensions { result[row * dimensions + column] -= Float(mean[column]) }
        }
        return PointRows(result, dimensions: dimensions)
    }
}

/// Points in the plane.
package struct PlanePoints: Sendable, Equatable {
    package var x: [Float]
    package var y: [Float]

    package init(x: [Float], y: [Float]) {
        precondition(x.count == y.count, "\(x.count) x for \(y.count) y")
        self.x = x
        self.y = y
    }

    package var count: Int { x.count }

    /// Moved and scaled alike in both directions so that the larger extent goes from -1 to 1.
    package func framed() -> PlanePoints {
        guard let left = x.min(), let right = x.max(), let bottom = y.min(), let top = y.max() else {
            return self
        }
        let extent = max(right - left, top - bottom)
        guard extent > 0 else { return PlanePoints(x: x.map { _ in 0 }, y: y.map { _ in 0 }) }
        let (centreX, centreY) = ((left + right) / 2, (bottom + top) / 2)
        return PlanePoints(
            x: x.map { ($0 - centreX) * 2 / extent }, y: y.map { ($0 - centreY) * 2 / extent })
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): a short generator whose numbers are the same everywhere.
struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// A number below `bound`; the bias of the multiplication is below 2^-32 of it.
    mutating func next(below bound: Int) -> Int {
        Int(((next() >> 32) &* UInt64(bound)) >> 32)
    }

    /// A number in -1 ..< 1.
    mutating func unit() -> Float { Float(next() >> 40) / Float(1 << 23) - 1 }
}
