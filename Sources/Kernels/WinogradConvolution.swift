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
    private let weights: WinogradWeights
    private let zeros: WeightSlice
    private let scratch: KernelScratch

    /// Transforms OIHW `weights`, multiplying output channel o by `scale[o]`.
    ///
    /// In half precision the transformed inputs and weights are multiplied so; the transforms stay single. `scratch`
    /// may be shared by the layers of a network, `memory` holds their weights together.
    package init(
        _ geometry: ConvolutionGeometry, tile: Int, precision: Precision = .single,
        weights source: UnsafeBufferPointer<Float>, scale: [Float], bias shift: [Float],
        instructions: InstructionSet = .best, memory: WeightMemory? = nil, scratch: KernelScratch = KernelScratch(),
        pool: ComputePool? = nil
    ) {
        precondition(source.count == geometry.weightCount, "\(source.count) weights for \(geometry)")
        precondition(scale.count == geometry.outputChannels && shift.count == geometry.outputChannels, "\(geometry)")
        precondition(Self.isSupported(geometry, tile: tile, by: instructions), "no tile of \(tile) for \(geometry)")
        precondition(
            precision == .single || precision.isAvailable && geometry.inputChannels % 16 == 0,
            "no arithmetic of \(precision) precision for \(geometry)")
        self.geometry = geometry
        self.instructions = instructions
        self.tile = tile
        self.scratch = scratch
        zeros = WeightMemory.take(geometry.inputChannels, from: memory)
        zeros.buffer.initialize(repeating: 0)
        let packing = WinogradWeights.Packing(
            geometry: geometry, tile: tile, source: source, scale: scale, bias: shift, memory: memory, pool: pool)
        weights =
            precision == .half
            ? packing.rounded(scratch) : packing.single(panelWidth: instructions.panelWidth)
    }

    /// Whether `instructions` have the kernel: 3x3 of stride 1, whole vectors of input channels.
    package static func isSupported(
        _ geometry: ConvolutionGeometry, tile: Int, by instructions: InstructionSet
    ) -> Bool {
        geometry.kernel == 3 && geometry.stride == 1 && (tile == 2 || tile == 4)
            && geometry.inputChannels % facet_winograd_lanes(instructions.code) == 0
    }

    /// Bytes of transformed weights.
    package var byteCount: Int { weights.byteCount }

    /// As ``PackedConvolution/forward(images:map:input:output:epilogue:pool:)``, on unpadded input.
    package func forward(
        images: Int, map: MapShape, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
        epilogue: PackedConvolution.Epilogue, pool: ComputePool?
    ) {
        let target = map.convolved(by: geometry)
        let tiles = (high: (target.height + tile - 1) / tile, wide: (target.width + tile - 1) / tile)
        var job = facet_winograd()
        weights.lend(to: &job)
        (job.input, job.output, job.residual) = (input, output, epilogue.residual)
        job.zeros = UnsafePointer(zeros.buffer.baseAddress)
        (job.h, job.w, job.c) = (map.height, map.width, map.channels)
        (job.oh, job.ow, job.oc) = (target.height, target.width, target.channels)
        (job.padding, job.tile, job.tiles_h, job.tiles_w) = (geometry.padding, tile, tiles.high, tiles.wide)
        job.relu = epilogue.relu ? 1 : 0
        let blocks = TileBlocks(
            tiles: images * tiles.high * tiles.wide, points: facet_winograd_points(tile), geometry: geometry,
            panelWidth: weights.panelWidth(instructions),
            tileRows: weights.isRounded ? Int(FACET_HALF_ROWS) : instructions.tileRows,
            roundsUp: weights.isRounded, threads: pool?.threads ?? 1)
        if blocks.sharesInputs {
            runByPanels(Borrowed(job), blocks, pool)
        } else {
            runByBlocks(Borrowed(job), blocks, pool)
        }
    }

    /// A piece transforms its own tiles and computes all their outputs.
    private func runByBlocks(_ job: Borrowed<facet_winograd>, _ blocks: TileBlocks, _ pool: ComputePool?) {
        ComputePool.run(on: blocks.isWorthSharing ? pool : nil, count: blocks.count) { index in
            let tiles = blocks[index]
            scratch.withFloats(blocks.inputFloats(tiles.count) + blocks.productFloats(tiles.count)) { transformed in
                gather(job, tiles, at: 0, of: tiles.count, transformed)
                multiply(
                    job, tiles, transformed, panels: 0..<blocks.panels, transformed + blocks.inputFloats(tiles.count))
            }
        }
    }

    /// Few tiles: all are transformed first, then each piece computes some panels of output channels for all of them,
    /// so that every thread reads only its part of the weights.
    private func runByPanels(_ job: Borrowed<facet_winograd>, _ blocks: TileBlocks, _ pool: ComputePool?) {
        let tiles = blocks.tiles
        scratch.withFloats(blocks.inputFloats(tiles)) { transformed in
            let inputs = Borrowed(transformed)
            ComputePool.run(on: blocks.inputsAreWorthSharing ? pool : nil, count: tiles) { tile in
                gather(job, tile..<tile + 1, at: tile, of: tiles, inputs.value)
            }
            ComputePool.run(on: blocks.isWorthSharing ? pool : nil, count: blocks.panels) { panel in
                scratch.withFloats(blocks.productFloats(tiles)) { products in
                    multiply(job, 0..<tiles, inputs.value, panels: panel..<panel + 1, products)
                }
            }
        }
    }

    private func gather(
        _ job: Borrowed<facet_winograd>, _ tiles: Range<Int>, at place: Int, of count: Int,
        _ transformed: UnsafeMutablePointer<Float>
    ) {
        withUnsafePointer(to: job.value) {
            if weights.isRounded {
                facet_half_winograd_gather($0, tiles.lowerBound, tiles.upperBound, place, count, transformed)
            } else {
                facet_winograd_gather(
                    instructions.code, $0, tiles.lowerBound, tiles.upperBound, place, count, transformed)
            }
        }
    }

    private func multiply(
        _ job: Borrowed<facet_winograd>, _ tiles: Range<Int>, _ transformed: UnsafePointer<Float>,
        panels: Range<Int>, _ products: UnsafeMutablePointer<Float>
    ) {
        withUnsafePointer(to: job.value) {
            if weights.isRounded {
                facet_half_winograd_multiply(
                    $0, tiles.lowerBound, tiles.upperBound, transformed, panels.lowerBound, panels.upperBound, products)
            } else {
                facet_winograd_multiply(
                    instructions.code, $0, tiles.lowerBound, tiles.upperBound, 0, tiles.count, transformed,
                    panels.lowerBound, panels.upperBound, products)
            }
        }
    }
}
