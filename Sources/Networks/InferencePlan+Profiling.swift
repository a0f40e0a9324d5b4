// SPDX-License-Identifier: Apache-2.0

package import Kernels
package import Tensors

/// What one step of a plan costs.
package struct StepProfile: Sendable {
    /// `3x3/1 64->64 on 56x56`, `maxPool`, ...
    package let name: String
    /// Multiply-adds a pass; 0 for what only moves data.
    package let multiplyAdds: Int
    /// The median of its times.
    package let time: Duration
}

extension InferencePlan {
    /// Runs a batch that fits one pass `repeats` times and gives each step's median time, in order.
    package func profile(_ batch: Tensor, repeats: Int, pool: ComputePool?) -> [StepProfile] {
        let images = batch.shape[0]
        precondition(
            images <= imagesPerPass && repeats > 0, "\(images) images, \(imagesPerPass) a pass, \(repeats) repeats")
        let arena = takeArena(images: images)
        defer { returnArena(arena) }
        var times = [[Duration]](repeating: [], count: steps.count)
        batch.withUnsafeBuffer { input in
            guard let values = input.baseAddress, let place = arena.buffer.baseAddress else { return }
            let memory = Memory(input: values, arena: place, images: images)
            for _ in 0..<repeats {
                for (index, step) in steps.enumerated() {
                    times[index].append(ContinuousClock().measure { perform(step, memory, pool) })
                }
            }
        }
        return steps.enumerated().map { index, step in
            StepProfile(
                name: name(of: step), multiplyAdds: multiplyAdds(of: step) * images,
                time: times[index].sorted()[times[index].count / 2])
        }
    }

    private func name(of step: PlanStep) -> String {
        switch step.operation {
        case .pad: "pad"
        case .maxPool: "max pool"
        case .meanPool: "mean pool"
        case .normalise: "normalise"
        case .convolution(let kernel, let residual, _):
            "\(kernel.geometry.kernel)x\(kernel.geometry.kernel)/\(kernel.geometry.stride) "
                + "\(kernel.geometry.inputChannels)->\(kernel.geometry.outputChannels) on "
                + "\(shapes[step.output].height)x\(shapes[step.output].width)" + (residual == nil ? "" : " + residual")
                + kernel.remark
        }
    }

    private func multiplyAdds(of step: PlanStep) -> Int {
        guard case .convolution(let kernel, _, _) = step.operation else { return 0 }
        return kernel.geometry.workPerPixel * shapes[step.output].pixels
    }
}
