// SPDX-License-Identifier: Apache-2.0

internal import Kernels
internal import Tensors

/// Turns an architecture and its weights into the steps of an ``InferencePlan``: batch normalisation folded, weights
/// packed, ReLU and residual additions fused into the convolution before them.
struct PlanBuilder<Weights: WeightSource> {
    let weights: Weights
    let instructions: InstructionSet
    let precision: Precision
    let pool: ComputePool?
    private let memory = WeightMemory()
    private let scratch = KernelScratch()
    private var networkBytes = 0
    private(set) var steps: [PlanStep] = []
    private(set) var shapes: [MapShape]
    private(set) var results: [NetworkOutput: ValueID] = [:]

    init(weights: Weights, inputSize: Int, instructions: InstructionSet, precision: Precision, pool: ComputePool?) {
        self.weights = weights
        self.precision = precision
        self.instructions = instructions
        self.pool = pool
        shapes = [MapShape(height: inputSize, width: inputSize, channels: 3)]
    }

    /// Builds all steps and marks which outputs each serves.
    mutating func build(_ architecture: Architecture) throws {
        networkBytes = architecture.parameterCount * MemoryLayout<Float>.stride
        var map = try stem(architecture, input: 0)
        for stage in architecture.stages {
            for block in stage { map = try residual(block, input: map) }
        }
        let pooled = append(.meanPool, input: map, shape: vector(shapes[map].channels))
        results[.backbone] = pooled
        for (index, head) in architecture.heads.enumerated() {
            try self.head(head, index, trunk: map, pooled: pooled)
        }
        markServed(architecture.outputs)
    }

    private mutating func stem(_ architecture: Architecture, input: ValueID) throws -> ValueID {
        var map = try convolve(architecture.stemUnit, input: input, relu: true)
        if architecture.stem == .imagenet {
            let channels = shapes[map].channels
            let geometry = ConvolutionGeometry(
                inputChannels: channels, outputChannels: channels, kernel: 3, stride: 2, padding: 1)
            map = append(.maxPool(geometry), input: map, shape: shapes[map].convolved(by: geometry))
        }
        return map
    }

    private mutating func residual(_ block: Architecture.Residual, input: ValueID) throws -> ValueID {
        let shortcut = try block.downsample.map { try convolve($0, input: input, relu: false) } ?? input
        var map = input
        for (index, unit) in block.units.enumerated() {
            let last = index == block.units.count - 1
            map = try convolve(unit, input: map, residual: last ? shortcut : nil, relu: true)
        }
        return map
    }

    private mutating func head(_ head: Architecture.Head, _ index: Int, trunk: ValueID, pooled: ValueID) throws {
        var map = trunk
        for block in head.blocks { map = try residual(block, input: map) }
        var features = pooled
        if !head.blocks.isEmpty { features = append(.meanPool, input: map, shape: vector(shapes[map].channels)) }
        results[.representation(index)] = features
        for (position, layer) in head.layers.enumerated() {
            features = try connect(layer, input: features, relu: position < head.layers.count - 1)
        }
        results[.projection(index)] = append(.normalise, input: features, shape: shapes[features])
    }

    private mutating func convolve(
        _ unit: Architecture.Unit, input: ValueID, residual: ValueID? = nil, relu: Bool
    ) throws -> ValueID {
        let (scale, shift) = try norm(unit.norm).folded
        let kernel = try compile(unit, on: shapes[input], scale: scale, shift: shift)
        let shape = shapes[input].convolved(by: unit.geometry)
        var source = input
        if kernel.needsPaddedInput {
            let padding = unit.geometry.padding
            let map = shapes[input]
            let padded = MapShape(
                height: map.height + 2 * padding, width: map.width + 2 * padding, channels: map.channels)
            source = append(.pad(padding), input: input, shape: padded)
        }
        return append(.convolution(kernel, residual: residual, relu: relu), input: source, shape: shape)
    }

    private func compile(
        _ unit: Architecture.Unit, on map: MapShape, scale: [Float], shift: [Float]
    ) throws -> ConvolutionKernel {
        let tile = ConvolutionKernel.tile(
            for: unit.geometry, on: map, networkBytes: networkBytes, instructions: instructions, precision: precision)
        return try weights.withFloats(unit.convolution) { weights in
            guard let tile else {
                return direct(
                    unit.geometry, weights, scale: scale, shift: shift,
                    pixels: map.convolved(by: unit.geometry).pixels)
            }
            return .winograd(
                WinogradConvolution(
                    unit.geometry, tile: tile, precision: precision, weights: weights, scale: scale, bias: shift,
                    instructions: instructions, memory: memory, scratch: scratch, pool: pool))
        }
    }

    /// The direct kernel.
    private func direct(
        _ geometry: ConvolutionGeometry, _ weights: UnsafeBufferPointer<Float>, scale: [Float], shift: [Float],
        pixels: Int
    ) -> ConvolutionKernel {
        if precision == .half, HalfConvolution.pays(for: geometry) {
            return .half(
                HalfConvolution(
                    geometry, weights: weights, scale: scale, bias: shift, memory: memory, scratch: scratch, pool: pool)
            )
        }
        return .direct(
            PackedConvolution(
                geometry, weights: weights, scale: scale, bias: shift, pixels: pixels, instructions: instructions,
                memory: memory, pool: pool))
    }

    private mutating func connect(_ layer: Architecture.Layer, input: ValueID, relu: Bool) throws -> ValueID {
        let geometry = ConvolutionGeometry(inputChannels: layer.inputs, outputChannels: layer.outputs, kernel: 1)
        let bias =
            weights.shape(of: layer.name + ".bias") == nil
            ? [Float](repeating: 0, count: layer.outputs) : try weights.withFloats(layer.name + ".bias") { Array($0) }
        let kernel = try weights.withFloats(layer.name + ".weight") {
            direct(geometry, $0, scale: Array(repeating: 1, count: layer.outputs), shift: bias, pixels: 1)
        }
        return append(.convolution(kernel, residual: nil, relu: relu), input: input, shape: vector(layer.outputs))
    }

    private func norm(_ name: String) throws -> BatchNorm {
        func part(_ suffix: String) throws -> [Float] { try weights.withFloats("\(name).\(suffix)") { Array($0) } }
        return BatchNorm(
            weight: try part("weight"), bias: try part("bias"), mean: try part("running_mean"),
            variance: try part("running_var"))
    }

    private func vector(_ count: Int) -> MapShape { MapShape(height: 1, width: 1, channels: count) }

    private mutating func append(_ operation: PlanStep.Operation, input: ValueID, shape: MapShape) -> ValueID {
        shapes.append(shape)
        steps.append(PlanStep(operation: operation, input: input, output: shapes.count - 1))
        return shapes.count - 1
    }

    /// Walks back from each output and marks the steps it needs.
    private mutating func markServed(_ outputs: [NetworkOutput]) {
        var needs = [UInt64](repeating: 0, count: shapes.count)
        for (bit, output) in outputs.enumerated() {
            if let value = results[output] { needs[value] |= 1 << UInt64(bit) }
        }
        for index in steps.indices.reversed() {
            steps[index].serves = needs[steps[index].output]
            for input in steps[index].inputs { needs[input] |= steps[index].serves }
        }
    }
}
