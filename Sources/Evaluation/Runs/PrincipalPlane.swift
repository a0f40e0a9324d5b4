// SPDX-License-Identifier: Apache-2.0

internal import Statistics

/// The plane in which the rows of a table differ most: its first two principal components.
///
/// By power iteration on the centred unit rows, which needs no covariance matrix; deterministic. Costs 2 x 40 passes.
package struct PrincipalPlane: Sendable, Equatable {
    /// A place a row.
    package let points: [(Double, Double)]

    package init(of table: FeatureTable) {
        let rows = table.unitRows()
        let means = Standardisation(of: rows).means
        let centred = (0..<rows.count).map { row in zip(rows[row], means).map { Double($0) - $1 } }
        let first = Self.direction(centred, without: nil, size: rows.dimensions)
        let second = Self.direction(centred, without: first, size: rows.dimensions)
        points = centred.map { (LimitedMemoryBFGS.product($0, first), LimitedMemoryBFGS.product($0, second)) }
    }

    package static func == (a: PrincipalPlane, b: PrincipalPlane) -> Bool {
        a.points.count == b.points.count && zip(a.points, b.points).allSatisfy { $0 == $1 }
    }

    private static let iterations = 40

    /// The direction of greatest variance at right angles to `other`.
    private static func direction(_ rows: [[Double]], without other: [Double]?, size: Int) -> [Double] {
        var stream = SeededStream(seed: 0, other == nil ? 1 : 2)
        var direction = (0..<size).map { _ in Double(stream.index(below: 2_001)) - 1_000 }
        for _ in 0..<iterations {
            var next = [Double](repeating: 0, count: size)
            for row in rows {
                LimitedMemoryBFGS.add(LimitedMemoryBFGS.product(row, direction), row, to: &next)
            }
            if let other { LimitedMemoryBFGS.add(-LimitedMemoryBFGS.product(next, other), other, to: &next) }
            let length = LimitedMemoryBFGS.length(next)
            guard length > 0 else { break }
            direction = next.map { $0 / length }
        }
        let length = LimitedMemoryBFGS.length(direction)
        return length > 0 ? direction.map { $0 / length } : direction
    }
}
