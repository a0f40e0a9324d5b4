// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// The element-wise updates of training, over whole parameter buffers.
package enum Optimiser {
    /// Floats one item of a parallel update covers.
    private static let chunk = 1 << 15

    /// Constants of one SGD step.
    package struct Step: Sendable {
        package var rate: Float
        package var momentum: Float
        package var weightDecay: Float
        /// Multiplies the summed gradients.
        package var scale: Float

        package init(rate: Float, momentum: Float, weightDecay: Float, scale: Float) {
            self.rate = rate
            self.momentum = momentum
            self.weightDecay = weightDecay
            self.scale = scale
        }
    }

    /// Stochastic gradient descent with momentum as `torch.optim.SGD` has it: d = scale * sum of `gradients` + decay * w;
    /// v = momentum * v + d; w = w - rate * v.
    ///
    /// All buffers hold `count` floats; the gradients are added in their order.
    package static func sgd(
        _ step: Step, weights: UnsafeMutablePointer<Float>, velocity: UnsafeMutablePointer<Float>,
        gradients: [UnsafePointer<Float>], count: Int, instructions: InstructionSet = .best, pool: ComputePool? = nil
    ) {
        let lent = Borrowed((weights: weights, velocity: velocity, gradients: gradients))
        ComputePool.run(on: pool, count: (count + chunk - 1) / chunk) { item in
            let first = item * chunk
            let parts: [UnsafePointer<Float>?] = lent.value.gradients.map { $0 + first }
            facet_sgd(
                instructions.code, lent.value.weights + first, lent.value.velocity + first, parts, parts.count,
                min(chunk, count - first), step.scale, step.rate, step.momentum, step.weightDecay)
        }
    }

    /// The momentum encoder's update (MoCo, equation 2): slow = momentum * slow + (1 - momentum) * fast.
    package static func average(
        slow: UnsafeMutablePointer<Float>, fast: UnsafePointer<Float>, count: Int, momentum: Double,
        instructions: InstructionSet = .best, pool: ComputePool? = nil
    ) {
        let lent = Borrowed((slow: slow, fast: fast))
        ComputePool.run(on: pool, count: (count + chunk - 1) / chunk) { item in
            let first = item * chunk
            facet_average(
                instructions.code, lent.value.slow + first, lent.value.fast + first, min(chunk, count - first),
                Float(momentum), Float(1 - momentum))
        }
    }
}
