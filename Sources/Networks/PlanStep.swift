// SPDX-License-Identifier: Apache-2.0

internal import Kernels

/// A feature map or vector in a plan: where it lives in the arena is decided by ``ArenaLayout``.
typealias ValueID = Int

/// One kernel call of a plan.
struct PlanStep: Sendable {
    enum Operation: Sendable {
        /// Zeros around the map, for a convolution that reads whole rows.
        case pad(Int)
        case convolution(ConvolutionKernel, residual: ValueID?, relu: Bool)
        case maxPool(ConvolutionGeometry)
        case meanPool
        /// L2 normalisation of a vector.
        case normalise
    }

    let operation: Operation
    let input: ValueID
    let output: ValueID
    /// The outputs of the plan that this step contributes to, a bit each.
    var serves: UInt64 = 0

    var inputs: [ValueID] {
        if case .convolution(_, let residual?, _) = operation { return [input, residual] }
        return [input]
    }
}
