// SPDX-License-Identifier: Apache-2.0

package import Kernels
package import Tensors

extension Encoder {
    /// Runs the images of `workspace` through the network; afterwards the projections and statistics are there.
    ///
    /// `parameters` are those packed last. With a `pool` each layer is spread over its threads.
    package func forward(_ workspace: Workspace, parameters: FloatStorage, pool: ComputePool? = nil) {
        let pass = Pass(self, workspace, parameters, pool)
        for step in graph.steps { pass.forward(step) }
    }

    /// Copies the group's means and unbiased variances to a buffer of ``Architecture/runningStatistics``.
    package func copyStatistics(_ workspace: Workspace, to target: FloatStorage, _ layout: ParameterLayout) {
        for (index, norm) in graph.norms.enumerated() {
            let source = workspace.statistics.buffer.baseAddress! + offsets.statistics[index]
            let base = target.buffer.baseAddress!
            (base + layout.offset(of: norm.name + ".running_mean")).update(from: source, count: norm.channels)
            (base + layout.offset(of: norm.name + ".running_var")).update(
                from: source + 2 * norm.channels, count: norm.channels)
        }
    }

    /// One group's way through the network: pointers resolved from places.
    struct Pass {
        let encoder: Encoder
        let workspace: Workspace
        let parameters: UnsafePointer<Float>
        let pool: ComputePool?
        let images: Int

        init(_ encoder: Encoder, _ workspace: Workspace, _ parameters: FloatStorage, _ pool: ComputePool?) {
            self.encoder = encoder
            self.workspace = workspace
            self.parameters = UnsafePointer(parameters.buffer.baseAddress!)
            self.pool = pool
            images = workspace.images
        }

        func shape(_ value: ValueID) -> MapShape { encoder.graph.shapes[value] }

        func value(_ id: ValueID) -> UnsafeMutablePointer<Float> {
            guard let place = encoder.places.values[id] else { return workspace.input.buffer.baseAddress! }
            return workspace.arena.buffer.baseAddress! + place * images
        }

        func gradient(_ id: ValueID) -> UnsafeMutablePointer<Float> {
            guard let place = encoder.places.gradients[id] else { preconditionFailure("value \(id) has no gradient") }
            return workspace.arena.buffer.baseAddress! + place * images
        }

        var indices: UnsafeMutablePointer<UInt8> {
            UnsafeMutableRawPointer(workspace.indices.buffer.baseAddress!).assumingMemoryBound(to: UInt8.self)
        }

        func statistics(_ norm: Int) -> TrainableNorm.Statistics {
            let base = workspace.statistics.buffer.baseAddress! + encoder.offsets.statistics[norm]
            let channels = encoder.norms[norm].channels
            return .init(mean: base, inverse: base + channels, unbiased: base + 2 * channels)
        }

        /// Where the lengths of a projection's vectors are kept.
        func lengths(_ value: ValueID) -> UnsafeMutablePointer<Float> {
            let index = encoder.graph.projections.firstIndex(of: value) ?? 0
            return workspace.lengths.buffer.baseAddress! + index * images
        }

        func forward(_ step: TrainingGraph.Step) {
            let (map, input, output) = (shape(step.input), value(step.input), value(step.output))
            switch step.operation {
            case .pad(let padding):
                Pooling.pad(by: padding, images: images, map: map, input: input, output: output)
            case .convolution(let index):
                encoder.operands[index].forward(images: images, map: map, input: input, output: output, pool: pool)
            case .norm(let index, let residual, let relu):
                encoder.norms[index].forward(
                    pixels: images * map.pixels, x: input, parameters: normParameters(index),
                    statistics: statistics(index), residual: residual.map { UnsafePointer(value($0)) }, relu: relu,
                    y: output, pool: pool)
            case .maxPool(let geometry): maxPool(geometry, map, input, output)
            case .meanPool:
                Pooling.mean(
                    images: images, map: map, input: input, output: output, instructions: encoder.instructions)
            case .linear(let index, let relu):
                encoder.operands[index].forward(
                    images: images, map: map, input: input, output: output, relu: relu, pool: pool)
            case .normalise:
                Pooling.normalise(
                    rows: images, count: map.count, input: input, output: output, lengths: lengths(step.output))
            }
        }

        private func maxPool(
            _ geometry: ConvolutionGeometry, _ map: MapShape, _ input: UnsafePointer<Float>,
            _ output: UnsafeMutablePointer<Float>
        ) {
            guard encoder.keepsGradients else {
                return Pooling.max(
                    geometry, images: images, map: map, input: input, output: output,
                    instructions: encoder.instructions, pool: pool)
            }
            Pooling.maxIndexed(
                geometry, images: images, map: map, input: input, output: output, index: indices,
                instructions: encoder.instructions, pool: pool)
        }

        func normParameters(_ index: Int) -> TrainableNorm.Parameters {
            .init(
                weight: parameters + encoder.offsets.normWeights[index],
                bias: parameters + encoder.offsets.normBiases[index])
        }
    }
}
