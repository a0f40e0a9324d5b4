// SPDX-License-Identifier: Apache-2.0
//
// Random numbers that follow from what they are for, not from when they are drawn: the same seed and keys (epoch, image,
// purpose) give the same stream, in any process, on any thread, in any order. A run that goes on needs no saved state.

private import Glibc

/// A stream of random numbers named by a seed and keys.
///
///     var stream = RandomStream(seed: 7, epoch, image)
///     let turns = stream.index(below: 4)
///
/// xoshiro256** (Blackman and Vigna), whose state is a hash of the seed, the keys and their number. A value: a copy goes
/// on by itself. Not for secrets.
package struct RandomStream: RandomNumberGenerator, Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)
    /// The second number of the last pair that ``normal()`` made.
    private var spare: Double?

    /// The stream of `seed` and `keys`; other keys, or as many zeros more, give an unrelated one.
    package init(seed: UInt64, _ keys: UInt64...) {
        self.init(seed: seed, keys: keys)
    }

    init(seed: UInt64, keys: [UInt64]) {
        var hash = Self.mixed(seed &+ Self.increment)
        for key in keys { hash = Self.mixed((hash ^ key) &+ Self.increment) }
        hash ^= UInt64(keys.count)
        func word(_ number: UInt64) -> UInt64 { Self.mixed(hash &+ number &* Self.increment) }
        state = (word(1), word(2), word(3), word(4) | 1)
    }

    package mutating func next() -> UInt64 {
        let result = Self.rotated(state.1 &* 5, 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = Self.rotated(state.3, 45)
        return result
    }

    /// Uniform over the multiples of 2^-53 in 0 ..< 1.
    package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform over `range`.
    package mutating func uniform(_ range: ClosedRange<Double>) -> Double {
        let value = range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
        return min(range.upperBound, value)
    }

    /// True with probability `p`; never for 0, always for 1.
    package mutating func chance(_ p: Double) -> Bool { uniform() < p }

    /// Uniform over 0 ..< `bound`, without bias (Lemire's method); `bound` must be positive.
    package mutating func index(below bound: Int) -> Int {
        precondition(bound > 0, "an index below \(bound)")
        let bound = UInt64(bound)
        var product = next().multipliedFullWidth(by: bound)
        if product.low < bound {
            let threshold = (0 &- bound) % bound
            while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
        }
        return Int(product.high)
    }

    /// Standard normal, by Marsaglia's polar method.
    package mutating func normal() -> Double {
        if let number = spare {
            spare = nil
            return number
        }
        while true {
            let x = 2 * uniform() - 1
            let y = 2 * uniform() - 1
            let square = x * x + y * y
            guard square > 0, square < 1 else { continue }
            let factor = (-2 * log(square) / square).squareRoot()
            spare = y * factor
            return x * factor
        }
    }

    /// 0 ..< `count` in an order that follows from the seed and the keys (Fisher and Yates).
    package static func permutation(count: Int, seed: UInt64, _ keys: UInt64...) -> [Int] {
        var stream = RandomStream(seed: seed, keys: keys)
        var order = Array(0..<max(0, count))
        for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, stream.index(below: last + 1)) }
        return order
    }

    private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// The finaliser of SplitMix64: a permutation of the 64-bit numbers.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    private static func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 { value << bits | value >> (64 - bits) }
}
