// SPDX-License-Identifier: Apache-2.0

package import Kernels
package import Tensors

extension Encoder {
    /// Carries the gradients of the projections back and writes that of every parameter into `gradients`.
    ///
    /// Follows ``forward(_:parameters:pool:)`` on the same workspace, whose activations it uses up. `gradients` is a
    /// flat buffer of ``layout``, overwritten.
    package func backward(
        _ workspace: Workspace, parameters: FloatStorage, gradients: FloatStorage, pool: ComputePool? = nil
    ) {
        precondition(keepsGradients, "a pass without gradients")
        precondition(gradients.buffer.count == layout.count, "\(gradients.buffer.count) of \(layout.count) gradients")
        let pass = Pass(self, workspace, parameters, pool)
        let target = gradients.buffer.baseAddress!
        for step in graph.steps.reversed() { pass.backward(step, into: target) }
    }
}

extension Encoder.Pass {
    func backward(_ step: TrainingGraph.Step, into gradients: UnsafeMutablePointer<Float>) {
        switch step.operation {
        case .pad: break
        case .convolution(let index): connection(index, step, into: gradients)
        case .norm(let index, let residual, let relu): norm(index, step, residual, relu, into: gradients)
        case .maxPool(let geometry):
            precondition(!step.adds, "the stem's map has one reader")
            Pooling.maxGradient(
                geometry, images: images, map: shape(step.input), gradient: gradient(step.output), index: indices,
                into: gradient(step.input), instructions: encoder.instructions, pool: pool)
        case .meanPool:
            Pooling.meanGradient(
                images: images, map: shape(step.input), gradient: gradient(step.output), into: gradient(step.input),
                adding: step.adds)
        case .linear(let index, let relu):
            if relu { mask(step.output) }
            biasGradient(index, step, into: gradients)
            connection(index, step, into: gradients)
        case .normalise:
            precondition(!step.adds, "a head's last layer has one reader")
            Pooling.normaliseGradient(
                rows: images, count: shape(step.output).count, output: value(step.output),
                lengths: lengths(step.output), gradient: gradient(step.output), into: gradient(step.input))
        }
    }

    private func connection(_ index: Int, _ step: TrainingGraph.Step, into gradients: UnsafeMutablePointer<Float>) {
        let operand = encoder.operands[index]
        let out = gradient(step.output)
        operand.weightGradient(
            images: images, map: shape(step.input), input: value(step.input), outputGradient: out,
            scratch: workspace.scratch.buffer.baseAddress!, into: gradients + encoder.offsets.weights[index], pool: pool
        )
        guard !encoder.graph.operands[index].readsImages else { return }
        let target = gradient(step.input)
        operand.inputGradient(
            images: images, map: shape(step.input), outputGradient: out, into: target,
            adding: step.adds ? UnsafePointer(target) : nil, pool: pool)
    }

    private func norm(
        _ index: Int, _ step: TrainingGraph.Step, _ residual: ValueID?, _ relu: Bool,
        into gradients: UnsafeMutablePointer<Float>
    ) {
        let out = gradient(step.output)
        encoder.norms[index].backward(
            pixels: images * shape(step.output).pixels, gradient: out,
            output: relu ? UnsafePointer(value(step.output)) : nil, x: value(step.input),
            weight: normParameters(index).weight, statistics: statistics(index),
            masked: residual.map { gradient($0) } ?? out, target: gradient(step.input),
            weightGradient: gradients + encoder.offsets.normWeights[index],
            biasGradient: gradients + encoder.offsets.normBiases[index], pool: pool)
    }

    /// Undoes the ReLU of a fully connected layer.
    private func mask(_ id: ValueID) {
        let (output, gradient) = (value(id), gradient(id))
        for i in 0..<images * shape(id).count where output[i] <= 0 { gradient[i] = 0 }
    }

    private func biasGradient(_ index: Int, _ step: TrainingGraph.Step, into gradients: UnsafeMutablePointer<Float>) {
        guard let offset = encoder.offsets.biases[index] else { return }
        let (source, count) = (gradient(step.output), shape(step.output).count)
        let target = gradients + offset
        target.update(repeating: 0, count: count)
        for image in 0..<images {
            for c in 0..<count { target[c] += source[image * count + c] }
        }
    }
}
