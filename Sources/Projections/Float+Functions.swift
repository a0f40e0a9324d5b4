// SPDX-License-Identifier: Apache-2.0

private import Glibc

extension Float {
    /// e to the power of this number.
    var exponential: Float { expf(self) }

    /// The logarithm to the base of 2.
    var logarithm2: Float { log2f(self) }
}
