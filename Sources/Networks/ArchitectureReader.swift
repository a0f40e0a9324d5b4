// SPDX-License-Identifier: Apache-2.0

internal import Kernels
internal import Tensors

extension Architecture {
    /// Reads the architecture off the shapes in `weights` and checks that every tensor fits its neighbours.
    ///
    /// - Throws: the first tensor that is missing or does not fit, with the shape expected and the shape found.
    package init(reading weights: some WeightSource) throws(NetworkError) {
        let reader = ArchitectureReader(weights: weights)
        let stemUnit = try reader.stem()
        stem = stemUnit.geometry.kernel == 7 ? .imagenet : .cifar
        self.stemUnit = stemUnit
        block = weights.shape(of: "backbone.layer1.0.conv3.weight") == nil ? .basic : .bottleneck
        var stages: [[Residual]] = []
        var channels = stemUnit.geometry.outputChannels
        while stages.count < 4 {
            let number = stages.count + 1
            let stage = try reader.stage("backbone.layer\(number)", channels, stride: number == 1 ? 1 : 2, block)
            if stage.isEmpty { break }
            stages.append(stage)
            channels = Self.channels(of: stage)
        }
        guard stages.count >= 3 else {
            throw .missingTensor("backbone.layer\(stages.count + 1).0.conv1.weight")
        }
        self.stages = stages
        heads = try reader.heads(channels, block, needsBlocks: stages.count == 3)
    }
}

/// Walks the names of a residual network and turns shapes into geometry.
private struct ArchitectureReader<Weights: WeightSource> {
    let weights: Weights

    /// More heads than anyone trains; bounds the work that a hostile file can ask for.
    private static var mostHeads: Int { 31 }

    func stem() throws(NetworkError) -> Architecture.Unit {
        let name = "backbone.conv1.weight"
        let shape = try shape(name, rank: 4)
        guard shape[0] > 0, shape[1] == 3, shape[2] == shape[3], shape[2] == 7 || shape[2] == 3 else {
            throw .wrongShape(name: name, expected: "[width, 3, 7, 7] or [width, 3, 3, 3]", found: "\(shape)")
        }
        let geometry = ConvolutionGeometry(
            inputChannels: 3, outputChannels: shape[0], kernel: shape[2], stride: shape[2] == 7 ? 2 : 1,
            padding: shape[2] / 2)
        try checkNorm("backbone.bn1", channels: shape[0])
        return .init(convolution: name, norm: "backbone.bn1", geometry: geometry)
    }

    /// The blocks under `prefix`; empty when there are none.
    func stage(
        _ prefix: String, _ inputs: Int, stride: Int, _ block: Architecture.Block
    ) throws(NetworkError) -> [Architecture.Residual] {
        var blocks: [Architecture.Residual] = []
        var channels = inputs
        while weights.shape(of: "\(prefix).\(blocks.count).conv1.weight") != nil {
            let first = blocks.isEmpty
            let next = try residual("\(prefix).\(blocks.count)", channels, stride: first ? stride : 1, block)
            blocks.append(next)
            channels = Architecture.channels(of: blocks)
        }
        return blocks
    }

    private func residual(
        _ prefix: String, _ inputs: Int, stride: Int, _ block: Architecture.Block
    ) throws(NetworkError) -> Architecture.Residual {
        var units: [Architecture.Unit] = []
        var channels = inputs
        let plan: [(kernel: Int, stride: Int)] =
            block == .basic ? [(3, stride), (3, 1)] : [(1, 1), (3, stride), (1, 1)]
        for (index, step) in plan.enumerated() {
            let next = try unit(
                "\(prefix).conv\(index + 1).weight", norm: "\(prefix).bn\(index + 1)", channels, step.kernel,
                step.stride)
            units.append(next)
            channels = next.geometry.outputChannels
        }
        let shortcut = "\(prefix).downsample.0.weight"
        guard weights.shape(of: shortcut) != nil else {
            guard stride == 1, inputs == channels else { throw .missingTensor(shortcut) }
            return .init(units: units, downsample: nil)
        }
        let projection = try unit(shortcut, norm: "\(prefix).downsample.1", inputs, 1, stride)
        guard projection.geometry.outputChannels == channels else {
            throw .wrongShape(
                name: shortcut, expected: "[\(channels), \(inputs), 1, 1]", found: "\(try shape(shortcut, rank: 4))")
        }
        return .init(units: units, downsample: projection)
    }

    private func unit(
        _ name: String, norm: String, _ inputs: Int, _ kernel: Int, _ stride: Int
    ) throws(NetworkError) -> Architecture.Unit {
        let shape = try shape(name, rank: 4)
        guard shape[0] > 0, shape[1] == inputs, shape[2] == kernel, shape[3] == kernel else {
            throw .wrongShape(name: name, expected: "[channels, \(inputs), \(kernel), \(kernel)]", found: "\(shape)")
        }
        try checkNorm(norm, channels: shape[0])
        let geometry = ConvolutionGeometry(
            inputChannels: inputs, outputChannels: shape[0], kernel: kernel, stride: stride, padding: kernel / 2)
        return .init(convolution: name, norm: norm, geometry: geometry)
    }

    /// All heads; LooC++ heads need a stage 4 of their own.
    func heads(
        _ channels: Int, _ block: Architecture.Block, needsBlocks: Bool
    ) throws(NetworkError) -> [Architecture.Head] {
        var heads: [Architecture.Head] = []
        while true {
            let prefix = "heads.\(heads.count)"
            let blocks = try stage(prefix + ".layer4", channels, stride: 2, block)
            let mlp = blocks.isEmpty ? prefix : prefix + ".fc"
            guard weights.shape(of: mlp + ".0.weight") != nil else {
                guard blocks.isEmpty, !(heads.isEmpty && needsBlocks) else {
                    throw .missingTensor(blocks.isEmpty ? prefix + ".layer4.0.conv1.weight" : mlp + ".0.weight")
                }
                return heads
            }
            guard heads.count < Self.mostHeads else { throw .unsupported("more than \(Self.mostHeads) heads") }
            let inputs = blocks.isEmpty ? channels : Architecture.channels(of: blocks)
            var layers = [try layer(mlp + ".0", inputs)]
            if weights.shape(of: mlp + ".2.weight") != nil {
                layers.append(try layer(mlp + ".2", layers[0].outputs))
            }
            heads.append(.init(blocks: blocks, layers: layers))
        }
    }

    private func layer(_ name: String, _ inputs: Int) throws(NetworkError) -> Architecture.Layer {
        let shape = try shape(name + ".weight", rank: 2)
        guard shape[0] > 0, shape[1] == inputs else {
            throw .wrongShape(name: name + ".weight", expected: "[dimensions, \(inputs)]", found: "\(shape)")
        }
        if let bias = weights.shape(of: name + ".bias"), bias != Shape([shape[0]]) {
            throw .wrongShape(name: name + ".bias", expected: "[\(shape[0])]", found: "\(bias)")
        }
        return .init(name: name, inputs: inputs, outputs: shape[0])
    }

    private func checkNorm(_ name: String, channels: Int) throws(NetworkError) {
        for part in ["weight", "bias", "running_mean", "running_var"] {
            let shape = try shape("\(name).\(part)", rank: 1)
            guard shape[0] == channels else {
                throw .wrongShape(name: "\(name).\(part)", expected: "[\(channels)]", found: "\(shape)")
            }
        }
    }

    private func shape(_ name: String, rank: Int) throws(NetworkError) -> Shape {
        guard let shape = weights.shape(of: name) else { throw .missingTensor(name) }
        guard shape.rank == rank else {
            throw .wrongShape(name: name, expected: "\(rank) dimensions", found: "\(shape)")
        }
        return shape
    }
}
