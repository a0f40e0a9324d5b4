// SPDX-License-Identifier: Apache-2.0

package import Kernels
package import Tensors
private import Synchronization

/// A network compiled for inference: fixed input size, packed weights, a static memory plan.
///
/// Any thread may run it; activations live in arenas that are reused. The same image gives the same bits in any batch
/// and on any number of threads.
///
///     let plan = try InferencePlan(weights: checkpointWeights, inputSize: 224)
///     let vectors = try plan.run(batch, outputs: [.backbone, .projection(1)])
package final class InferencePlan: Sendable {
    package let architecture: Architecture
    /// Rows and columns of the input.
    package let inputSize: Int
    package let instructions: InstructionSet
    /// What convolutions and heads multiply in.
    package let precision: Precision
    /// Bytes of packed weights held.
    package let weightBytes: Int
    /// Multiply-adds for one image when every output is asked for.
    package let multiplyAdds: Int
    /// A new array each time: for building and profiling, not for a request.
    var steps: [PlanStep] { order.steps }
    private let order: PlanOrder
    let shapes: [MapShape]
    private let results: [NetworkOutput: ValueID]
    let layout: ArenaLayout
    private let arenas = Mutex<[LargeFloats]>([])

    /// Activation bytes that one pass may use; a larger batch is run in parts.
    private static let arenaBytes = 32 << 20

    /// Compiles `weights`; packing is spread over `pool`.
    ///
    /// The machine must have the arithmetic of `precision`.
    ///
    /// - Throws: ``NetworkError`` when tensors are missing or do not fit, or what reading a tensor throws.
    package init(
        weights: some WeightSource, inputSize: Int, instructions: InstructionSet = .best,
        precision: Precision = .single, pool: ComputePool? = nil
    ) throws {
        let architecture = try Architecture(reading: weights)
        var builder = PlanBuilder(
            weights: weights, inputSize: inputSize, instructions: instructions, precision: precision, pool: pool)
        try builder.build(architecture)
        self.architecture = architecture
        self.inputSize = inputSize
        self.instructions = instructions
        self.precision = precision
        order = PlanOrder(builder.steps)
        shapes = builder.shapes
        results = builder.results
        layout = order.layout(shapes: shapes, results: Array(results.values))
        var (bytes, work) = (0, 0)
        for step in order.steps {
            guard case .convolution(let kernel, _, _) = step.operation else { continue }
            bytes += kernel.byteCount
            work += kernel.geometry.workPerPixel * shapes[step.output].pixels
        }
        (weightBytes, multiplyAdds) = (bytes, work)
    }

    /// Images computed in one pass: more are run in parts of this many.
    package var imagesPerPass: Int { max(1, Self.arenaBytes / 4 / max(1, layout.count)) }

    /// Runs a batch [n, size, size, 3] of normalised images and returns one tensor [n, dimensions] an output asked for.
    ///
    /// - Throws: ``NetworkError/noSuchOutput(_:)``.
    package func run(
        _ batch: Tensor, outputs: [NetworkOutput], pool: ComputePool? = nil
    ) throws(NetworkError) -> [NetworkOutput: Tensor] {
        precondition(
            batch.shape.rank == 4 && Array(batch.shape.dimensions[1...]) == [inputSize, inputSize, 3],
            "batch of shape \(batch.shape) for a network of \(inputSize)x\(inputSize)")
        let images = batch.shape[0]
        var wanted: UInt64 = 0
        var tensors: [NetworkOutput: Tensor] = [:]
        for output in outputs {
            guard let dimensions = architecture.dimensions(of: output), let bit = bit(of: output) else {
                throw .noSuchOutput("\(output)")
            }
            wanted |= 1 << UInt64(bit)
            tensors[output] = Tensor(zeros: [images, dimensions])
        }
        for first in stride(from: 0, to: images, by: imagesPerPass) {
            let count = min(imagesPerPass, images - first)
            let arena = takeArena(images: count)
            defer { returnArena(arena) }
            batch.withUnsafeBuffer { input in
                let memory = Memory(
                    input: input.baseAddress! + first * shapes[0].count, arena: arena.buffer.baseAddress!,
                    images: count)
                for step in order.maps where step.serves & wanted != 0 { perform(step, memory, pool) }
                performChains(wanted, memory, pool)
                for output in outputs { copy(output, from: memory, first: first, to: &tensors) }
            }
        }
        return tensors
    }

    private func bit(of output: NetworkOutput) -> Int? { architecture.outputs.firstIndex(of: output) }

    private func copy(
        _ output: NetworkOutput, from memory: Memory, first: Int, to tensors: inout [NetworkOutput: Tensor]
    ) {
        guard let value = results[output], let offset = layout.offsets[value] else { return }
        let count = shapes[value].count
        let source = memory.arena + offset * memory.images
        tensors[output]?.withUnsafeMutableBuffer {
            ($0.baseAddress! + first * count).update(from: source, count: memory.images * count)
        }
    }

    // MARK: Steps

    /// Where the values of one pass live.
    struct Memory {
        let input: UnsafePointer<Float>
        let arena: UnsafeMutablePointer<Float>
        let images: Int
    }

    /// The heads, side by side where there is one for every thread.
    private func performChains(_ wanted: UInt64, _ memory: Memory, _ pool: ComputePool?) {
        let chains = order.chains.filter { $0.contains { $0.serves & wanted != 0 } }
        let sideBySide = pool.map { chains.count >= $0.threads } ?? false
        let lent = Borrowed(memory)
        ComputePool.run(on: sideBySide ? pool : nil, count: chains.count) { index in
            for step in chains[index] where step.serves & wanted != 0 {
                perform(step, lent.value, sideBySide ? nil : pool)
            }
        }
    }

    func perform(_ step: PlanStep, _ memory: Memory, _ pool: ComputePool?) {
        let input = reading(step.input, memory)
        let output = writing(step.output, memory)
        let map = shapes[step.input]
        let images = memory.images
        switch step.operation {
        case .pad(let padding):
            Pooling.pad(by: padding, images: images, map: map, input: input, output: output)
        case .convolution(let kernel, let residual, let relu):
            let epilogue = PackedConvolution.Epilogue(residual: residual.map { reading($0, memory) }, relu: relu)
            kernel.forward(images: images, map: map, input: input, output: output, epilogue: epilogue, pool: pool)
        case .maxPool(let geometry):
            Pooling.max(
                geometry, images: images, map: map, input: input, output: output, instructions: instructions, pool: pool
            )
        case .meanPool:
            Pooling.mean(images: images, map: map, input: input, output: output, instructions: instructions)
        case .normalise:
            output.update(from: input, count: images * map.count)
            Pooling.normalise(rows: images, count: map.count, output)
        }
    }

    private func reading(_ value: ValueID, _ memory: Memory) -> UnsafePointer<Float> {
        layout.offsets[value].map { UnsafePointer(memory.arena + $0 * memory.images) } ?? memory.input
    }

    private func writing(_ value: ValueID, _ memory: Memory) -> UnsafeMutablePointer<Float> {
        guard let offset = layout.offsets[value] else { preconditionFailure("value \(value) is not in the arena") }
        return memory.arena + offset * memory.images
    }

    // MARK: Memory

    func takeArena(images: Int) -> LargeFloats {
        let needed = layout.count * images
        let kept = arenas.withLock { list -> LargeFloats? in
            guard let index = list.firstIndex(where: { $0.buffer.count >= needed }) else { return nil }
            return list.remove(at: index)
        }
        return kept ?? LargeFloats(count: needed)
    }

    /// Keeps the two largest arenas for the next runs.
    func returnArena(_ arena: LargeFloats) {
        arenas.withLock { list in
            list.append(arena)
            list.sort { $0.buffer.count < $1.buffer.count }
            if list.count > 2 { list.removeFirst() }
        }
    }
}
