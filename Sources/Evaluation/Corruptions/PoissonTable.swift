// SPDX-License-Identifier: Apache-2.0

package import ContrastiveTraining
private import Foundation

/// A Poisson law, drawn by searching its distribution function.
package struct PoissonTable: Sendable {
    /// Probability of at most 0, 1, 2, ...; ends where the rest is below 2^-53.
    private let cumulative: [Double]

    /// `mean` must be 0 to 500, so that exp(-mean) is a number.
    package init(mean: Double) {
        precondition((0...500).contains(mean), "a mean of \(mean)")
        var probability = exp(-mean)
        var sum = probability
        var cumulative = [sum]
        let last = Int(mean + 12 * mean.squareRoot() + 20)
        while sum < 1 - 0x1p-53, cumulative.count < last {
            probability *= mean / Double(cumulative.count)
            sum += probability
            cumulative.append(sum)
        }
        self.cumulative = cumulative
    }

    /// One number.
    package func draw(_ stream: inout RandomStream) -> Int {
        let target = stream.uniform()
        var (low, high) = (0, cumulative.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] > target { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
