// SPDX-License-Identifier: Apache-2.0

/// A small stream of random numbers named by a seed and keys: the same names give the same numbers in any process.
///
/// SplitMix64 (Steele, Lea and Flood, 2014) from a hash of the seed and the keys. A value: a copy goes on by itself. Not
/// for secrets.
package struct SeededStream: RandomNumberGenerator, Sendable {
    private var state: UInt64
    private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// The stream of `seed` and `keys`; other keys give an unrelated one.
    package init(seed: UInt64, _ keys: UInt64...) {
        state = Self.mixed(seed &+ Self.increment)
        for key in keys { state = Self.mixed((state ^ key) &+ Self.increment) }
    }

    package mutating func next() -> UInt64 {
        state &+= Self.increment
        return Self.mixed(state)
    }

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

    /// `values` in a random order (Fisher and Yates).
    package mutating func shuffled<Value>(_ values: [Value]) -> [Value] {
        var order = values
        for last in stride(from: order.count - 1, to: 0, by: -1) { order.swapAt(last, index(below: last + 1)) }
        return order
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
