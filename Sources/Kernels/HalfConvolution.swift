// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Tensors

/// A convolution whose multiplications are done in half precision; inputs, outputs and everything added are single.
///
/// Sums of 32 products are rounded to half precision and added up in single precision. As ``PackedConvolution``
/// otherwise: batch normalisation folded in, ReLU and residual fused, any thread, the same bits in any batch.
package struct HalfConvolution: Sendable {
    package let geometry: ConvolutionGeometry
    private let weights: RoundedWeights
    private let scratch: KernelScratch

    /// Packs OIHW `weights`; output channel o is multiplied by `scale[o]`.
    package init(
        _ geometry: ConvolutionGeometry, weights source: UnsafeBufferPointer<Float>, scale: [Float],
        bias shift: [Float], memory: WeightMemory? = nil, scratch: KernelScratch = KernelScratch(),
        pool: ComputePool? = nil
    ) {
        precondition(source.count == geometry.weightCount, "\(source.count) weights for \(geometry)")
        precondition(scale.count == geometry.outputChannels && shift.count == geometry.outputChannels, "\(geometry)")
        precondition(PackedConvolution.isSupported(geometry), "unsupported kernel: \(geometry)")
        precondition(Precision.half.isAvailable, "no half-precision arithmetic")
        self.geometry = geometry
        self.scratch = scratch
        let taps = geometry.kernel * geometry.kernel
        let rounded = RoundedWeights(
            outputs: geometry.outputChannels, numbersPerOutput: taps * geometry.inputChannels, bias: shift,
            memory: memory)
        weights = rounded
        let lent = Borrowed(source)
        ComputePool.run(on: pool, count: rounded.panels) { panel in
            scratch.withFloats(rounded.panelNumbers) { packed in
                Array(0..<taps).withUnsafeBufferPointer { order in
                    var layout = facet_weight_layout(
                        oc: geometry.outputChannels, c: geometry.inputChannels, taps: taps,
                        by_output: geometry.inputChannels * taps, by_input: taps, tap: order.baseAddress)
                    let width = RoundedWeights.panelWidth
                    facet_pack_panel(lent.value.baseAddress, nil, &layout, panel * width, width, packed)
                }
                rounded.set(panel, packed, scale: scale)
            }
        }
    }

    /// Whether it is faster than single precision: where each rounded input meets weights enough.
    package static func pays(for geometry: ConvolutionGeometry) -> Bool {
        let (inputs, outputs) = (geometry.inputChannels, geometry.outputChannels)
        return inputs >= 32 && (outputs >= 128 || outputs >= 64 && inputs >= 128)
    }

    /// Bytes of packed weights.
    package var byteCount: Int { weights.byteCount }

    /// As ``PackedConvolution/forward(images:map:input:output:epilogue:pool:)``, on unpadded input.
    package func forward(
        images: Int, map: MapShape, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
        epilogue: PackedConvolution.Epilogue, pool: ComputePool?
    ) {
        let target = map.convolved(by: geometry)
        var job = facet_convolution(from: map, to: target, kernel: (geometry.kernel, geometry.kernel))
        job.input = input
        job.output = output
        job.residual = epilogue.residual
        job.relu = epilogue.relu ? 1 : 0
        job.stride = geometry.stride
        job.pad_top = geometry.padding
        job.pad_left = geometry.padding
        job.halves = weights.weights
        job.scale = weights.scale
        job.bias = weights.bias
        job.images = ConvolutionPanels.takesPositions(job, images: images) ? images : 0
        let grid = HalfGrid(
            pixels: images * target.pixels, panels: weights.panels, tilesAtATime: facet_half_tiles(&job),
            work: images * target.pixels * geometry.workPerPixel, threads: pool?.threads ?? 1)
        let lent = Borrowed(job)
        ComputePool.run(on: pool, count: grid.count) { item in
            let (pixels, panels) = grid[item]
            withUnsafePointer(to: lent.value) { job in
                scratch.withFloats(facet_half_scratch(job)) {
                    facet_half_convolve(
                        job, pixels.lowerBound, pixels.upperBound, panels.lowerBound, panels.upperBound, $0)
                }
            }
        }
    }
}

/// How a ``HalfConvolution`` is cut into pieces: blocks of pixels whose inputs are rounded once, then met by all panels;
/// where there are fewer blocks than threads, each thread takes its part of the panels.
struct HalfGrid {
    private let pixels: Int
    private let panels: Int
    private let blocks: Int
    private let groups: Int

    init(pixels: Int, panels: Int, tilesAtATime: Int, work: Int, threads: Int) {
        self.pixels = pixels
        self.panels = panels
        let rows = Int(FACET_HALF_ROWS)
        let tiles = (pixels + rows - 1) / rows
        let wanted = threads == 1 ? 1 : max(1, min(threads, work / WorkGrid.smallest))
        let whole = (tiles + tilesAtATime - 1) / tilesAtATime
        blocks = whole < wanted ? whole : min(tiles, (whole + wanted - 1) / wanted * wanted)
        groups = min(panels, blocks >= wanted ? 1 : (wanted + blocks - 1) / blocks)
    }

    var count: Int { blocks * groups }

    /// The pixels and panels of one piece; all pieces together cover every pair once.
    subscript(item: Int) -> (pixels: Range<Int>, panels: Range<Int>) {
        let (block, group) = (item % blocks, item / blocks)
        return (
            block * pixels / blocks..<(block + 1) * pixels / blocks,
            group * panels / groups..<(group + 1) * panels / groups
        )
    }
}
