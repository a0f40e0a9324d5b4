// SPDX-License-Identifier: Apache-2.0

package import Kernels
package import Tensors

/// A network that is being trained: forward with the batch's own statistics, and backward.
///
/// One pass works on one group of images, in a ``Workspace`` of its own; batch normalisation sees exactly that group.
/// Several groups may be in flight on several threads, all with the weights packed last. Parameters are one flat buffer
/// laid out by ``layout``; ``pack(_:pool:)`` must not run beside a pass.
package struct Encoder: Sendable {
    package let architecture: Architecture
    package let inputSize: Int
    package let layout: ParameterLayout
    /// Whether passes keep what ``backward(_:parameters:gradients:pool:)`` needs.
    package let keepsGradients: Bool
    let graph: TrainingGraph
    let places: TrainingGraph.Places
    let operands: [TrainableConvolution]
    let norms: [TrainableNorm]
    let offsets: Offsets
    let instructions: InstructionSet

    /// Where each layer's numbers lie in the flat buffer, looked up once.
    struct Offsets: Sendable {
        let weights: [Int]
        let biases: [Int?]
        let normWeights: [Int]
        let normBiases: [Int]
        /// Start of each norm's three statistics in a workspace.
        let statistics: [Int]
        let statisticsCount: Int
    }

    package init(
        _ architecture: Architecture, inputSize: Int, keepsGradients: Bool, instructions: InstructionSet = .best
    ) {
        self.architecture = architecture
        self.inputSize = inputSize
        self.keepsGradients = keepsGradients
        self.instructions = instructions
        let layout = architecture.trainableParameters
        let graph = TrainingGraph(architecture, inputSize: inputSize, keepsGradients: keepsGradients)
        self.layout = layout
        self.graph = graph
        places = graph.places()
        operands = graph.operands.map {
            TrainableConvolution(
                $0.geometry, carriesGradient: keepsGradients && !$0.readsImages, readsPaddedRows: $0.readsImages,
                instructions: instructions)
        }
        norms = graph.norms.map { TrainableNorm(channels: $0.channels, instructions: instructions) }
        var starts: [Int] = []
        var end = 0
        for norm in graph.norms {
            starts.append(end)
            end += 3 * norm.channels
        }
        offsets = Offsets(
            weights: graph.operands.map { layout.offset(of: $0.weights) },
            biases: graph.operands.map { $0.bias.map(layout.offset) },
            normWeights: graph.norms.map { layout.offset(of: $0.name + ".weight") },
            normBiases: graph.norms.map { layout.offset(of: $0.name + ".bias") }, statistics: starts,
            statisticsCount: end)
    }

    /// Multiply-adds of one image's forward pass.
    package var multiplyAdds: Int {
        graph.steps.reduce(0) { sum, step in
            switch step.operation {
            case .convolution(let index), .linear(let index, _):
                sum + operands[index].geometry.workPerPixel * graph.shapes[step.output].pixels
            default: sum
            }
        }
    }

    /// Packs the weights of a flat buffer for the passes that follow.
    package func pack(_ parameters: FloatStorage, pool: ComputePool? = nil) {
        precondition(
            parameters.buffer.count == layout.count, "\(parameters.buffer.count) of \(layout.count) parameters")
        let base = UnsafePointer(parameters.buffer.baseAddress!)
        for (index, operand) in operands.enumerated() {
            operand.pack(base + offsets.weights[index], bias: offsets.biases[index].map { base + $0 }, pool: pool)
        }
    }

    /// Memory for one group of `images` in flight.
    package func makeWorkspace(images: Int) -> Workspace {
        Workspace(
            images: images, input: FloatStorage(count: images * graph.shapes[0].count),
            arena: FloatStorage(count: images * places.count),
            statistics: FloatStorage(count: offsets.statisticsCount),
            indices: FloatStorage(count: (images * indexCount + 3) / 4),
            lengths: FloatStorage(count: images * max(1, graph.projections.count)),
            scratch: FloatStorage(count: keepsGradients ? operands.map(\.scratchCount).max() ?? 0 : 0))
    }

    /// Bytes of max-pooling indices for one image.
    private var indexCount: Int {
        guard keepsGradients else { return 0 }
        return graph.steps.reduce(0) { sum, step in
            if case .maxPool = step.operation { sum + graph.shapes[step.output].count } else { sum }
        }
    }

    /// What one pass works in.
    ///
    /// Used by one thread at a time.
    package struct Workspace: Sendable {
        package let images: Int
        /// The images: [images, size, size, 3], normalised; filled by the caller.
        package let input: FloatStorage
        let arena: FloatStorage
        let statistics: FloatStorage
        let indices: FloatStorage
        let lengths: FloatStorage
        let scratch: FloatStorage
    }

    /// The L2-normalised projection of head `index` after a forward pass: images x dimensions.
    package func projection(_ index: Int, _ workspace: Workspace) -> UnsafeMutableBufferPointer<Float> {
        buffer(places.values[graph.projections[index]], graph.projections[index], workspace)
    }

    /// Where the gradient of that projection goes before a backward pass.
    package func projectionGradient(_ index: Int, _ workspace: Workspace) -> UnsafeMutableBufferPointer<Float> {
        buffer(places.gradients[graph.projections[index]], graph.projections[index], workspace)
    }

    private func buffer(_ place: Int?, _ value: ValueID, _ workspace: Workspace) -> UnsafeMutableBufferPointer<Float> {
        guard let place else { preconditionFailure("value \(value) is not in the arena") }
        let count = workspace.images * graph.shapes[value].count
        return UnsafeMutableBufferPointer(
            rebasing: workspace.arena.buffer[place * workspace.images..<place * workspace.images + count])
    }
}
