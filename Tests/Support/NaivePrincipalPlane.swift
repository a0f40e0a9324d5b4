// SPDX-License-Identifier: Apache-2.0

/// Principal components the long way: the whole covariance matrix, made diagonal by Jacobi's rotations.
package struct NaivePrincipalPlane {
    package let x: [Double]
    package let y: [Double]

    /// `values` row after row.
    package init(_ values: [Float], dimensions: Int) {
        let rows = stride(from: 0, to: values.count, by: dimensions).map { start in
            values[start..<start + dimensions].map(Double.init)
        }
        let mean = (0..<dimensions).map { column in
            rows.reduce(0) { $0 + $1[column] } / Double(rows.count)
        }
        let centred = rows.map { zip($0, mean).map { $0 - $1 } }
        var matrix = (0..<dimensions).map { a in
            (0..<dimensions).map { b in centred.reduce(0) { $0 + $1[a] * $1[b] } / Double(rows.count) }
        }
        let vectors = Self.diagonalise(&matrix)
        let order = (0..<dimensions).sorted { matrix[$0][$0] > matrix[$1][$1] }
        let scores = order.prefix(2).map { axis in
            let direction = vectors.map { $0[axis] }
            let sign = (direction.max { abs($0) < abs($1) } ?? 1) < 0 ? -1.0 : 1.0
            return centred.map { row in sign * zip(row, direction).reduce(0) { $0 + $1.0 * $1.1 } }
        }
        x = scores[0]
        y = scores.count > 1 ? scores[1] : x.map { _ in 0 }
    }

    /// Turns pairs of axes until nothing is left beside the diagonal; the columns of the result are the directions.
    private static func diagonalise(_ matrix: inout [[Double]]) -> [[Double]] {
        let size = matrix.count
        var vectors = (0..<size).map { row in (0..<size).map { $0 == row ? 1.0 : 0.0 } }
        for _ in 0..<60 {
            for p in 0..<size {
                for q in p + 1..<max(size, p + 1) where abs(matrix[p][q]) > 1e-15 {
                    let theta = (matrix[q][q] - matrix[p][p]) / (2 * matrix[p][q])
                    let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
                    let c = 1 / (t * t + 1).squareRoot()
                    let s = t * c
                    for k in 0..<size {
                        (matrix[k][p], matrix[k][q]) = (
                            c * matrix[k][p] - s * matrix[k][q], s * matrix[k][p] + c * matrix[k][q]
                        )
                    }
                    for k in 0..<size {
                        (matrix[p][k], matrix[q][k]) = (
                            c * matrix[p][k] - s * matrix[q][k], s * matrix[p][k] + c * matrix[q][k]
                        )
                        (vectors[k][p], vectors[k][q]) = (
                            c * vectors[k][p] - s * vectors[k][q], s * vectors[k][p] + c * vectors[k][q]
                        )
                    }
                }
            }
        }
        return vectors
    }
}
