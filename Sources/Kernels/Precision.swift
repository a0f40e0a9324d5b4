// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// The precision that a network's multiplications are done in; sums of more than 32 products are always single.
package enum Precision: String, CaseIterable, Sendable {
    case single
    /// Inputs and weights rounded to half precision: about 1.7 times as many multiplications a second, where the CPU
    /// has the arithmetic (AVX512-FP16). A sum's error is about 7e-4 of its size.
    case half

    /// Whether this machine has the arithmetic.
    package var isAvailable: Bool { self == .single || facet_has_half() != 0 }

    /// What this machine has.
    package static var available: [Precision] { allCases.filter(\.isAvailable) }
}
