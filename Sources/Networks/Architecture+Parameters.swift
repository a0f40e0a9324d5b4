// SPDX-License-Identifier: Apache-2.0

internal import Kernels

extension Architecture {
    /// Every convolution with its batch norm, stem first.
    package var units: [Unit] {
        let blocks = stages.flatMap { $0 } + heads.flatMap(\.blocks)
        return [stemUnit] + blocks.flatMap { $0.units + [$0.downsample].compactMap { $0 } }
    }

    /// Names of the tensors that inference reads, in network order; layer biases may be absent from the weights.
    package var tensorNames: [String] {
        let convolutions = units.flatMap { unit in
            [unit.convolution] + ["weight", "bias", "running_mean", "running_var"].map { "\(unit.norm).\($0)" }
        }
        return convolutions + heads.flatMap { $0.layers.flatMap { ["\($0.name).weight", "\($0.name).bias"] } }
    }

    /// Numbers that training would adjust: weights, biases, batch-norm scales and shifts.
    package var parameterCount: Int {
        let trunk = units.reduce(0) { $0 + $1.geometry.weightCount + 2 * $1.geometry.outputChannels }
        return heads.reduce(trunk) { sum, head in
            head.layers.reduce(sum) { $0 + $1.inputs * $1.outputs + $1.outputs }
        }
    }
}
