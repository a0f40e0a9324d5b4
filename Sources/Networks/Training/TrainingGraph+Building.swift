// SPDX-License-Identifier: Apache-2.0

internal import Kernels

extension TrainingGraph {
    /// Lays the network out as steps: the backbone, then every head to its normalised projection.
    mutating func build(_ architecture: Architecture) {
        var map = stem(architecture)
        for stage in architecture.stages {
            for block in stage { map = residual(block, input: map) }
        }
        let pooled = architecture.isPlusPlus ? nil : pool(map)
        for head in architecture.heads {
            var features = pooled
            if !head.blocks.isEmpty {
                var own = map
                for block in head.blocks { own = residual(block, input: own) }
                features = pool(own)
            }
            guard var vector = features else { continue }
            for (index, layer) in head.layers.enumerated() {
                vector = connect(layer, input: vector, relu: index < head.layers.count - 1)
            }
            projections.append(append(.normalise, input: vector, shape: shapes[vector]))
        }
    }

    private mutating func stem(_ architecture: Architecture) -> ValueID {
        let map = unit(architecture.stemUnit, input: 0)
        guard architecture.stem == .imagenet else { return map }
        let channels = shapes[map].channels
        let geometry = ConvolutionGeometry(
            inputChannels: channels, outputChannels: channels, kernel: 3, stride: 2, padding: 1)
        return append(.maxPool(geometry), input: map, shape: shapes[map].convolved(by: geometry))
    }

    private mutating func residual(_ block: Architecture.Residual, input: ValueID) -> ValueID {
        let shortcut = block.downsample.map { unit($0, input: input, relu: false) } ?? input
        var map = input
        for (index, part) in block.units.enumerated() {
            map = unit(part, input: map, residual: index == block.units.count - 1 ? shortcut : nil)
        }
        return map
    }

    /// A convolution and its batch normalisation.
    private mutating func unit(
        _ unit: Architecture.Unit, input: ValueID, residual: ValueID? = nil, relu: Bool = true
    ) -> ValueID {
        let geometry = unit.geometry
        var source = input
        if input == 0 {
            let map = shapes[input]
            let wide = MapShape(
                height: map.height + 2 * geometry.padding, width: map.width + 2 * geometry.padding,
                channels: map.channels)
            source = append(.pad(geometry.padding), input: input, shape: wide)
        }
        operands.append(
            Operand(weights: unit.convolution, bias: nil, geometry: geometry, readsImages: input == 0))
        let raw = append(
            .convolution(operands.count - 1), input: source, shape: shapes[input].convolved(by: geometry))
        norms.append(Norm(name: unit.norm, channels: geometry.outputChannels))
        let operation = Operation.norm(norms.count - 1, residual: residual, relu: relu)
        guard keepsGradients else {
            steps.append(Step(operation: operation, input: raw, output: raw))
            return raw
        }
        return append(operation, input: raw, shape: shapes[raw])
    }

    private mutating func connect(_ layer: Architecture.Layer, input: ValueID, relu: Bool) -> ValueID {
        operands.append(
            Operand(
                weights: layer.name + ".weight", bias: layer.name + ".bias",
                geometry: ConvolutionGeometry(inputChannels: layer.inputs, outputChannels: layer.outputs, kernel: 1),
                readsImages: false))
        return append(.linear(operands.count - 1, relu: relu), input: input, shape: vector(layer.outputs))
    }

    private mutating func pool(_ map: ValueID) -> ValueID {
        append(.meanPool, input: map, shape: vector(shapes[map].channels))
    }

    private func vector(_ count: Int) -> MapShape { MapShape(height: 1, width: 1, channels: count) }

    private mutating func append(_ operation: Operation, input: ValueID, shape: MapShape) -> ValueID {
        shapes.append(shape)
        steps.append(Step(operation: operation, input: input, output: shapes.count - 1))
        return shapes.count - 1
    }
}
