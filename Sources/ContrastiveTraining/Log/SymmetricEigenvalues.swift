// SPDX-License-Identifier: Apache-2.0

/// Eigenvalues of a symmetric matrix by Jacobi's method, cyclic by rows.
///
/// Each rotation makes one pair of elements beside the diagonal zero; sweeps over all pairs converge quadratically
/// (Golub and Van Loan, Matrix Computations, section 8.5). Meant for matrices up to about 128 x 128; one sweep costs
/// about 4 n^3 operations, and six to ten sweeps are usual.
package struct SymmetricEigenvalues: Sendable {
    /// The eigenvalues, largest first; all NaN when an element of the matrix is not finite.
    package let values: [Double]
    /// Sweeps that were needed; 0 for a diagonal matrix.
    package let sweeps: Int

    private static let mostSweeps = 60

    /// The eigenvalues of the `size` x `size` matrix `elements`; it must be symmetric, and its upper half decides.
    package init(_ elements: [Double], size: Int) {
        precondition(size >= 0 && elements.count == size * size, "\(elements.count) elements for a side of \(size)")
        guard elements.allSatisfy(\.isFinite) else {
            values = Array(repeating: .nan, count: size)
            sweeps = 0
            return
        }
        var matrix = elements
        var sweeps = 0
        let norm = elements.reduce(0) { max($0, abs($1)) }
        matrix.withUnsafeMutableBufferPointer { buffer in
            guard let a = buffer.baseAddress else { return }
            while sweeps < Self.mostSweeps, Self.sweep(a, size, threshold: norm * 1e-15) { sweeps += 1 }
        }
        self.sweeps = sweeps
        values = (0..<size).map { matrix[$0 * size + $0] }.sorted(by: >)
    }

    /// Rotates every pair above the threshold away; false when there was none.
    private static func sweep(_ a: UnsafeMutablePointer<Double>, _ size: Int, threshold: Double) -> Bool {
        var rotated = false
        for p in 0..<size {
            for q in p + 1..<max(size, p + 1) where abs(a[p * size + q]) > threshold {
                rotate(a, size, p, q)
                rotated = true
            }
        }
        return rotated
    }

    /// One Jacobi rotation in the plane of p and q, on the whole symmetric matrix.
    private static func rotate(_ a: UnsafeMutablePointer<Double>, _ size: Int, _ p: Int, _ q: Int) {
        let (rowP, rowQ) = (a + p * size, a + q * size)
        let element = rowP[q]
        let ratio = (rowQ[q] - rowP[p]) / (2 * element)
        let tangent = (ratio < 0 ? -1.0 : 1.0) / (abs(ratio) + (ratio * ratio + 1).squareRoot())
        let cosine = 1 / (tangent * tangent + 1).squareRoot()
        let sine = tangent * cosine
        let (diagonalP, diagonalQ) = (rowP[p] - tangent * element, rowQ[q] + tangent * element)
        for k in 0..<size {
            let (x, y) = (rowP[k], rowQ[k])
            rowP[k] = cosine * x - sine * y
            rowQ[k] = sine * x + cosine * y
        }
        rowP[p] = diagonalP
        rowQ[q] = diagonalQ
        rowP[q] = 0
        rowQ[p] = 0
        for k in 0..<size where k != p && k != q {
            a[k * size + p] = rowP[k]
            a[k * size + q] = rowQ[k]
        }
    }
}
