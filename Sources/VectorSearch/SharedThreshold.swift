// SPDX-License-Identifier: Apache-2.0

private import Synchronization

/// The score that a row must be able to reach, as far as all threads together know; it only rises.
///
/// Signed, because in Swift 6.3 the maximum of an unsigned atomic compares as if it were signed.
final class SharedThreshold: Sendable {
    private let order: Atomic<Int32>

    init(_ value: Float) {
        order = Atomic(Self.order(of: value))
    }

    var value: Float { Self.value(of: order.load(ordering: .relaxed)) }

    func raise(to value: Float) {
        _ = order.max(Self.order(of: value), ordering: .relaxed)
    }

    /// Whole numbers in the order of the floats, by turning the magnitude of negative ones; the same step leads back.
    private static func order(of value: Float) -> Int32 {
        turned(Int32(bitPattern: value.bitPattern))
    }

    private static func value(of order: Int32) -> Float {
        Float(bitPattern: UInt32(bitPattern: turned(order)))
    }

    private static func turned(_ bits: Int32) -> Int32 {
        bits < 0 ? bits ^ .max : bits
    }
}
