// SPDX-License-Identifier: Apache-2.0

/// Brings vectors to length 1.
enum UnitLength {
    /// A squared length this near to 1 is left as it is, so that what was normalised once keeps its bits.
    static let tolerance = 1e-6

    /// Normalises in place; zeros stay zeros.
    ///
    /// Returns false, with `vector` unchanged, when a component is not finite.
    static func normalise(_ vector: UnsafeMutableBufferPointer<Float>) -> Bool {
        let square = squaredLength(UnsafeBufferPointer(vector))
        guard square.isFinite else { return false }
        guard square > 0, abs(square - 1) > tolerance else { return true }
        let length = square.squareRoot()
        for index in vector.indices { vector[index] = Float(Double(vector[index]) / length) }
        return true
    }

    /// In double, where the square of a float neither overflows nor vanishes.
    static func squaredLength(_ vector: UnsafeBufferPointer<Float>) -> Double {
        var sums = SIMD8<Double>()
        var index = 0
        while index + 8 <= vector.count {
            let part = SIMD8<Double>(
                UnsafeRawPointer(vector.baseAddress.unsafelyUnwrapped + index).loadUnaligned(as: SIMD8<Float>.self))
            sums += part * part
            index += 8
        }
        while index < vector.count {
            sums[0] += Double(vector[index]) * Double(vector[index])
            index += 1
        }
        return sums.sum()
    }
}
