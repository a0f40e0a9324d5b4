// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// The transformed weights of a ``WinogradConvolution``, in the precision they are multiplied in.
enum WinogradWeights: Sendable {
    case single(WeightSlice, bias: WeightSlice)
    case rounded(RoundedWeights)

    var isRounded: Bool {
        if case .rounded = self { return true }
        return false
    }

    var byteCount: Int {
        switch self {
        case .single(let weights, _): weights.count * MemoryLayout<Float>.stride
        case .rounded(let weights): weights.byteCount
        }
    }

    func panelWidth(_ instructions: InstructionSet) -> Int {
        isRounded ? RoundedWeights.panelWidth : instructions.panelWidth
    }

    /// Names the weights to `job`, which must not outlive them.
    func lend(to job: inout facet_winograd) {
        switch self {
        case .single(let weights, let bias):
            job.weights = UnsafePointer(weights.buffer.baseAddress)
            job.bias = UnsafePointer(bias.buffer.baseAddress)
        case .rounded(let weights):
            job.halves = weights.weights
            job.scale = weights.scale
            job.bias = weights.bias
        }
    }

    /// What weights are made of.
    struct Packing {
        let geometry: ConvolutionGeometry
        let tile: Int
        let source: UnsafeBufferPointer<Float>
        let scale: [Float]
        let bias: [Float]
        let memory: WeightMemory?
        let pool: ComputePool?

        private var points: Int { facet_winograd_points(tile) }
        private var inputs: Int { geometry.inputChannels }
        private var outputs: Int { geometry.outputChannels }

        /// Multiplied by the scale of their output channel.
        func single(panelWidth width: Int) -> WinogradWeights {
            let panels = (outputs + width - 1) / width
            let floats = points * inputs * width
            let weights = WeightMemory.take(panels * floats, from: memory)
            let shift = WeightMemory.take(panels * width, from: memory)
            shift.buffer.initialize(repeating: 0)
            _ = shift.buffer.update(fromContentsOf: bias)
            let lent = Borrowed((source: source.baseAddress, packed: weights.buffer.baseAddress))
            let (scale, inputs, outputs, tile) = (scale, inputs, outputs, tile)
            ComputePool.run(on: pool, count: panels) { panel in
                guard let source = lent.value.source, let packed = lent.value.packed else { return }
                facet_winograd_pack(source, scale, outputs, inputs, tile, panel * width, width, packed + panel * floats)
            }
            return .single(weights, bias: shift)
        }

        /// Rounded to half precision.
        func rounded(_ scratch: KernelScratch) -> WinogradWeights {
            let weights = RoundedWeights(
                outputs: outputs, numbersPerOutput: points * inputs, bias: bias, memory: memory)
            let lent = Borrowed(source)
            let (scale, inputs, outputs, tile) = (scale, inputs, outputs, tile)
            ComputePool.run(on: pool, count: weights.panels) { panel in
                scratch.withFloats(weights.panelNumbers) { packed in
                    let width = RoundedWeights.panelWidth
                    facet_winograd_pack(
                        lent.value.baseAddress, nil, outputs, inputs, tile, panel * width, width, packed)
                    weights.set(panel, packed, scale: scale)
                }
            }
            return .rounded(weights)
        }
    }
}
