// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Tensors

/// A 3x3 convolution of stride 1 by Winograd's minimal filtering: weights transformed once, and per tile of 2x2 or 4x4
/// outputs 16 or 36 multiplications a channel pair in place of 36 or 144.
///
/// The inputs of a block of tiles are transformed, multiplied and transformed back while they are in the L2 cache. For
/// inference only: sums are rounded otherwise than by ``PackedConvolution`` (4x4: an error about twice as large).
/// Immutable after init, so any thread may run it; an image has the same bits in any batch and on any number of threads.
package struct WinogradConvolution: Sendable {
    package let geometry: ConvolutionGeometry
    package let instructions: InstructionSet
    /// Outputs of a tile along each side: 2 or 4.
    package let tile: Int
    private let weights: WeightSlice
    private let bias: WeightSlice
    private let zeros: WeightSlice
    private let scratch: KernelScratch

    /// Transforms OIHW `weights`, multiplying output channel o by `scale[o]`.
    ///
    /// `scratch` may be shared by the layers of a network, `memory` holds their weights together.
    package init(
        _ geometry: ConvolutionGeometry, tile: Int, weights source: UnsafeBufferPointer<Float>, scale: [Float],
        bias shift: [Float], instructions: InstructionSet = .best, memory: WeightMemory? = nil,
        scratch: KernelScratch = KernelScratch(), pool: ComputePool? = nil
    ) {
        precondition(source.count == geometry.weightCount, "\(source.count) weights for \(geometry)")
        precondition(scale.count == geometry.outputChannels && shift.count == geometry.outputChannels, "\(geometry)")
        precondition(Self.isSupported(geometry, tile: tile, by: instructions), "no tile of \(tile) for \(geometry)")
        self.geometry = geometry
        self.instructions = instructions
        self.tile = tile
        self.scratch = scratch
        let (width, inputs, outputs) = (instructions.panelWidth, geometry.inputChannels, geometry.outputChannels)
        let panels = (outputs + width - 1) / width
        let floats = facet_winograd_points(tile) * inputs * width
        weights = WeightMemory.take(panels * floats, from: memory)
        bias = WeightMemory.take(panels * width, from: memory)
        zeros = WeightMemory.take(inputs, from: memory)
        bias.buffer.initialize(repeating: 0)
        _ = bias.buffer.update(fromContentsOf: shift)
        zeros.buffer.initialize(repeating: 0)
        let lent = Borrowed((source: source.baseAddress, packed: weights.buffer.baseAddress))
        ComputePool.run(on: pool, count: panels) { panel in
            guard let source = lent.value.source, let packed = lent.value.packed else { return }
            facet_winograd_pack(source, scale, outputs, inputs, tile, panel * width, width, packed + panel * floats)
        }
    }

    /// Whether `instructions` have the kernel: 3x3 of stride 1, whole vectors of input channels.
    package static func isSupported(
        _ geometry: ConvolutionGeometry, tile: Int, by instructions: InstructionSet
    ) -> Bool {
        geometry.kernel == 3 && geometry.stride == 1 && (tile == 2 || tile == 4)
            && geometry.inputChannels % facet_winograd_lanes(instructions.code) == 0
    }

    /// Bytes of transformed weights.
    package var byteCount: Int { weights.count * MemoryLayout<Float>.stride }

    /// As ``PackedConvolution/forward(images:map:input:output:epilogue:pool:)``, on unpadded input.
    package func forward(
        images: Int, map: MapShape, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
        epilogue: PackedConvolution.Epilogue, pool: ComputePool?
    ) {
        let target = map.convolved(by: geometry)
        let tiles = (high: (target.height + tile - 1) / tile, wide: (target.width + tile - 1) / tile)
        let job = facet_winograd(
            input: input, weights: weights.buffer.baseAddress, bias: bias.buffer.baseAddress,
            residual: epilogue.residual, zeros: zeros.buffer.baseAddress, output: output, h: map.height, w: map.width,
            c: map.channels, oh: target.height, ow: target.width, oc: target.channels, padding: geometry.padding,
            tile: tile, tiles_h: tiles.high, tiles_w: tiles.wide, relu: epilogue.relu ? 1 : 0)
        let blocks = TileBlocks(
            tiles: images * tiles.high * tiles.wide, points: facet_winograd_points(tile), geometry: geometry,
            instructions: instructions, threads: pool?.threads ?? 1)
        if blocks.sharesInputs {
            runByPanels(Borrowed(job), blocks, pool)
        } else {
            runByBlocks(Borrowed(job), blocks, pool)
        }
    }

    /// A piece transforms its own tiles and computes all their outputs.
    private func runByBlocks(_ job: Borrowed<facet_winograd>, _ blocks: TileBlocks, _ pool: ComputePool?) {
        let code = instructions.code
        ComputePool.run(on: blocks.isWorthSharing ? pool : nil, count: blocks.count) { index in
            let tiles = blocks[index]
            scratch.withFloats(blocks.inputFloats(tiles.count) + blocks.productFloats(tiles.count)) { transformed in
                let products = transformed + blocks.inputFloats(tiles.count)
                withUnsafePointer(to: job.value) {
                    facet_winograd_gather(code, $0, tiles.lowerBound, tiles.upperBound, 0, tiles.count, transformed)
                    facet_winograd_multiply(
                        code, $0, tiles.lowerBound, tiles.upperBound, 0, tiles.count, transformed, 0, blocks.panels,
                        products)
                }
            }
        }
    }

    /// Few tiles: all are transformed first, then each piece computes some panels of output channels for all of them,
    /// so that every thread reads only its part of the weights.
    private func runByPanels(_ job: Borrowed<facet_winograd>, _ blocks: TileBlocks, _ pool: ComputePool?) {
        let (code, tiles) = (instructions.code, blocks.tiles)
        scratch.withFloats(blocks.inputFloats(tiles)) { transformed in
            let inputs = Borrowed(transformed)
            ComputePool.run(on: blocks.inputsAreWorthSharing ? pool : nil, count: tiles) { tile in
                withUnsafePointer(to: job.value) {
                    facet_winograd_gather(code, $0, tile, tile + 1, tile, tiles, inputs.value)
                }
            }
            ComputePool.run(on: blocks.isWorthSharing ? pool : nil, count: blocks.panels) { panel in
                scratch.withFloats(blocks.productFloats(tiles)) { products in
                    withUnsafePointer(to: job.value) {
                        facet_winograd_multiply(
                            code, $0, 0, tiles, 0, tiles, inputs.value, panel, panel + 1, products)
                    }
                }
            }
        }
    }
}
