// SPDX-License-Identifier: Apache-2.0

/// The plane in which points vary most: principal component analysis by subspace iteration.
package enum PrincipalPlane {
    /// Directions that are iterated together; more than two, so that near ties still converge.
    private static let block = 6
    /// Passes over the points at most.
    private static let passes = 120
    /// The share by which a variance may still change when the iteration ends.
    private static let tolerance = 1e-8

    /// The points' coordinates along the first two principal directions.
    ///
    /// A direction points where its component of largest size is positive, so the picture does not flip from one run to
    /// the next. Costs a few dozen passes over the points; deterministic. Fewer than two dimensions leave y at 0.
    package static func project(_ points: PointRows) -> PlanePoints {
        let centred = points.centred()
        let directions = self.directions(of: centred)
        var columns = [
            [Float](repeating: 0, count: points.count), [Float](repeating: 0, count: points.count),
        ]
        for (axis, direction) in directions.prefix(2).enumerated() {
            columns[axis] = scores(centred, along: direction).map { Float($0) }
        }
        return PlanePoints(x: columns[0], y: columns[1])
    }

    /// Directions of unit length, those of most variance first; at most ``block``.
    static func directions(of centred: PointRows) -> [[Double]] {
        let count = min(block, centred.dimensions)
        guard centred.count > 0 else { return [] }
        var random = SplitMix(seed: 1)
        var basis = (0..<count).map { _ in
            (0..<centred.dimensions).map { _ in Double(random.unit()) }
        }
        orthonormalise(&basis)
        var variances = [Double](repeating: 0, count: count)
        for _ in 0..<passes {
            let images = covarianceTimes(basis, centred)
            let next = images.map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
            basis = images
            orthonormalise(&basis)
            let isStill = zip(next, variances).prefix(2).allSatisfy {
                abs($0 - $1) <= tolerance * max($0, $1)
            }
            variances = next
            if isStill { break }
        }
        return sorted(basis, centred).map(pointed)
    }

    /// The directions by the variance along them, largest first.
    private static func sorted(_ basis: [[Double]], _ centred: PointRows) -> [[Double]] {
        let variances = basis.map { direction in
            scores(centred, along: direction).reduce(0) { $0 + $1 * $1 }
        }
        return basis.indices.sorted { (variances[$0], $1) > (variances[$1], $0) }.map { basis[$0] }
    }

    private static func pointed(_ direction: [Double]) -> [Double] {
        let largest = direction.max { abs($0) < abs($1) } ?? 0
        return largest < 0 ? direction.map { -$0 } : direction
    }

    private static func scores(_ points: PointRows, along direction: [Double]) -> [Double] {
        let dimensions = points.dimensions
        return points.values.withUnsafeBufferPointer { values in
            (0..<points.count).map { row in
                var sum = 0.0
                for column in 0..<dimensions {
                    sum += Double(values[row * dimensions + column]) * direction[column]
                }
                return sum
            }
        }
    }

    /// X' (X v) / n for each v, in one pass and without ever forming X'X: rows may have thousands of dimensions.
    private static func covarianceTimes(_ basis: [[Double]], _ points: PointRows) -> [[Double]] {
        let dimensions = points.dimensions
        var sums = [Double](repeating: 0, count: basis.count * dimensions)
        let directions = basis.flatMap { $0 }
        points.values.withUnsafeBytes { values in
            directions.withUnsafeBytes { directions in
                sums.withUnsafeMutableBytes { sums in
                    for row in 0..<points.count {
                        for axis in basis.indices {
                            let start = axis * dimensions * 8
                            let (from, to) = (row * dimensions * 4, start + dimensions * 8)
                            let line = UnsafeRawBufferPointer(rebasing: values[from..<from + dimensions * 4])
                            let score = dot(line, UnsafeRawBufferPointer(rebasing: directions[start..<to]), dimensions)
                            add(score, line, to: UnsafeMutableRawBufferPointer(rebasing: sums[start..<to]), dimensions)
                        }
                    }
                }
            }
        }
        return basis.indices.map { axis in
            sums[axis * dimensions..<(axis + 1) * dimensions].map { $0 / Double(points.count) }
        }
    }

    /// The dot product of floats with doubles.
    private static func dot(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer, _ count: Int) -> Double {
        var sum = SIMD8<Double>(repeating: 0)
        var place = 0
        while place + 8 <= count {
            let part = SIMD8<Double>(a.loadUnaligned(fromByteOffset: place * 4, as: SIMD8<Float>.self))
            sum += part * b.loadUnaligned(fromByteOffset: place * 8, as: SIMD8<Double>.self)
            place += 8
        }
        var rest = 0.0
        while place < count {
            let part = Double(a.loadUnaligned(fromByteOffset: place * 4, as: Float.self))
            rest += part * b.loadUnaligned(fromByteOffset: place * 8, as: Double.self)
            place += 1
        }
        return sum.sum() + rest
    }

    /// Adds `share` times floats to doubles.
    private static func add(
        _ share: Double, _ a: UnsafeRawBufferPointer, to b: UnsafeMutableRawBufferPointer, _ count: Int
    ) {
        var place = 0
        while place + 8 <= count {
            let part = SIMD8<Double>(a.loadUnaligned(fromByteOffset: place * 4, as: SIMD8<Float>.self))
            let sum = b.loadUnaligned(fromByteOffset: place * 8, as: SIMD8<Double>.self) + share * part
            b.storeBytes(of: sum, toByteOffset: place * 8, as: SIMD8<Double>.self)
            place += 8
        }
        while place < count {
            let part = Double(a.loadUnaligned(fromByteOffset: place * 4, as: Float.self))
            let sum = b.loadUnaligned(fromByteOffset: place * 8, as: Double.self) + share * part
            b.storeBytes(of: sum, toByteOffset: place * 8, as: Double.self)
            place += 1
        }
    }

    /// Gram and Schmidt's method, twice for accuracy; a direction that vanishes becomes 0.
    private static func orthonormalise(_ basis: inout [[Double]]) {
        for place in basis.indices {
            for _ in 0..<2 {
                for other in 0..<place {
                    let overlap = zip(basis[place], basis[other]).reduce(0) { $0 + $1.0 * $1.1 }
                    for column in basis[place].indices {
                        basis[place][column] -= overlap * basis[other][column]
                    }
                }
            }
            let length = basis[place].reduce(0) { $0 + $1 * $1 }.squareRoot()
            basis[place] = length > 1e-12 ? basis[place].map { $0 / length } : basis[place].map { _ in 0 }
        }
    }
}
