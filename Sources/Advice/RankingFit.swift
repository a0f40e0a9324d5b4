// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Fits the weights of spaces to comparisons: logistic regression on differences of cosines, with a squared penalty.
///
/// It minimises mean(log(1 + exp(-w.d))) + strength / 2 * |w|^2 over comparisons, where d is by how much each space
/// finds the right item more alike, in units of that space's own spread (Bradley and Terry's model of choices, on
/// similarities). The function is convex and has few variables; Newton's method takes a handful of steps.
struct RankingFit {
    /// Comparisons an anchor gives at most.
    static let comparisonsPerAnchor = 32
    static let strengths: [Double] = [3, 0.3, 0.03]

    /// Differences of cosines, a row a comparison.
    private let rows: [[Double]]
    /// The spread of each space's differences.
    private let spreads: [Double]

    /// Draws comparisons among `members`, the same for the same seed.
    init(_ evidence: some Evidence, members: [Int], seed: UInt64) {
        self.init(
            rows: evidence.differences(among: members, most: Self.comparisonsPerAnchor, seed: seed),
            spaces: evidence.spaces)
    }

    init(rows: [[Double]], spaces: Int) {
        self.rows = rows
        spreads = (0..<spaces).map { space in
            let square = rows.reduce(0.0) { $0 + $1[space] * $1[space] } / Double(max(1, rows.count))
            return square > 1e-12 ? square.squareRoot() : 0
        }
    }

    var isEmpty: Bool { rows.isEmpty }

    /// The weights by which cosines should be added up, the largest 1 in size; all 0 when nothing tells the items apart.
    func weights(strength: Double) -> [Double] {
        let scaled = rows.map { row in zip(row, spreads).map { $1 > 0 ? $0 / $1 : 0 } }
        var point = [Double](repeating: 0, count: spreads.count)
        for _ in 0..<50 {
            let (gradient, curvature) = slope(at: point, scaled, strength)
            let step = Self.solve(curvature, gradient)
            point = zip(point, step).map(-)
            if step.allSatisfy({ abs($0) < 1e-8 }) { break }
        }
        let raw = zip(point, spreads).map { $1 > 0 ? $0 / $1 : 0 }
        let largest = raw.reduce(0) { max($0, abs($1)) }
        return largest > 0 ? raw.map { $0 / largest } : raw
    }

    private func slope(
        at point: [Double], _ scaled: [[Double]], _ strength: Double
    ) -> (gradient: [Double], curvature: [[Double]]) {
        let size = point.count
        var gradient = point.map { strength * $0 }
        var curvature = (0..<size).map { i in (0..<size).map { i == $0 ? strength : 0 } }
        let scale = 1 / Double(max(1, scaled.count))
        for row in scaled {
            let margin = zip(row, point).reduce(0.0) { $0 + $1.0 * $1.1 }
            let wrong = 1 / (1 + exp(margin))
            let bend = wrong * (1 - wrong) * scale
            for i in 0..<size {
                gradient[i] -= wrong * row[i] * scale
                for j in 0...i {
                    curvature[i][j] += bend * row[i] * row[j]
                    if i != j { curvature[j][i] = curvature[i][j] }
                }
            }
        }
        return (gradient, curvature)
    }

    /// Solves a small positive definite system by elimination.
    private static func solve(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
        var (a, b) = (matrix, right)
        let size = b.count
        for column in 0..<size {
            for row in column + 1..<max(size, column + 1) {
                let factor = a[row][column] / a[column][column]
                for k in column..<size { a[row][k] -= factor * a[column][k] }
                b[row] -= factor * b[column]
            }
        }
        var result = [Double](repeating: 0, count: size)
        for row in stride(from: size - 1, through: 0, by: -1) {
            let known = (row + 1..<max(size, row + 1)).reduce(0.0) { $0 + a[row][$1] * result[$1] }
            result[row] = (b[row] - known) / a[row][row]
        }
        return result
    }
}
