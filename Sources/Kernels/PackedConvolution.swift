// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Tensors

/// A convolution compiled for one instruction set: weights packed once into the micro-kernel's panels.
///
/// Batch normalisation (or any scale and shift per output channel) is folded in. ReLU and a residual are fused into
/// the store. A fully connected layer is a 1x1 convolution on a 1x1 map. Immutable after init, so any thread may run it.
package struct PackedConvolution: Sendable {
    package let geometry: ConvolutionGeometry
    package let instructions: InstructionSet
    /// Whole kernel rows are read as one run of kernel x channels floats; the input must be padded already.
    package let readsRowsContiguously: Bool
    private let panels: ConvolutionPanels
    private let halves: HalfWeights?

    /// Pixels of all images up to which the weights, not the multiplications, are what a pass waits for.
    private static let fewPixels = 8

    /// Packs OIHW `weights`, multiplying output channel o by `scale[o]`; `memory` holds a network's weights together.
    ///
    /// Few input channels (the stem's three) are packed for contiguous rows; ``needsPaddedInput`` then tells. Where the
    /// output has only `pixels` few enough and every weight is exactly one of half precision, as those of a packed
    /// model are, small batches read half as many bytes for the same bits.
    package init(
        _ geometry: ConvolutionGeometry, weights source: UnsafeBufferPointer<Float>, scale: [Float],
        bias shift: [Float], pixels: Int = .max, instructions: InstructionSet = .best, memory: WeightMemory? = nil,
        pool: ComputePool? = nil
    ) {
        precondition(source.count == geometry.weightCount, "\(source.count) weights for \(geometry)")
        precondition(scale.count == geometry.outputChannels && shift.count == geometry.outputChannels, "\(geometry)")
        precondition(Self.isSupported(geometry), "unsupported kernel: \(geometry)")
        self.geometry = geometry
        self.instructions = instructions
        readsRowsContiguously = geometry.kernel > 1 && geometry.inputChannels <= 4
        panels = ConvolutionPanels(geometry, instructions: instructions, memory: memory)
        let packed = panels
        let lent = Borrowed(source)
        shift.withUnsafeBufferPointer { packed.setBias($0.baseAddress!) }
        let keepsHalves = pixels <= Self.fewPixels && HalfWeights.hold(source, for: instructions)
        ComputePool.run(on: pool, count: packed.count) { panel in
            packed.pack(panel, from: lent.value.baseAddress!, scale: keepsHalves ? nil : scale)
        }
        halves = keepsHalves ? HalfWeights(of: packed, scale: scale, memory: memory) : nil
    }

    /// Whether the packed kernels handle `geometry`: at most 7x7 taps.
    package static func isSupported(_ geometry: ConvolutionGeometry) -> Bool {
        geometry.kernel * geometry.kernel <= Int(FACET_MAX_TAPS)
    }

    /// True when `forward` expects the map with its zero padding already around it.
    package var needsPaddedInput: Bool { readsRowsContiguously && geometry.padding > 0 }

    /// Bytes of packed weights.
    package var byteCount: Int { panels.byteCount + (halves?.byteCount ?? 0) }

    /// What is fused into the store.
    package struct Epilogue {
        package var residual: UnsafePointer<Float>?
        package var relu: Bool

        /// `residual` has the output's shape and is added before the ReLU.
        package init(residual: UnsafePointer<Float>? = nil, relu: Bool = false) {
            self.residual = residual
            self.relu = relu
        }
    }

    /// Convolves a batch of `images` maps of shape `map` (already padded where ``needsPaddedInput``).
    ///
    /// `input` holds images x map.count floats, `output` images x the output map's count; they must not overlap.
    /// Work is spread over `pool`; every output has the same bits however it is spread.
    package func forward(
        images: Int, map: MapShape, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
        epilogue: Epilogue, pool: ComputePool?
    ) {
        let padding = needsPaddedInput ? 0 : geometry.padding
        let effective = ConvolutionGeometry(
            inputChannels: geometry.inputChannels, outputChannels: geometry.outputChannels, kernel: geometry.kernel,
            stride: geometry.stride, padding: padding)
        let target = map.convolved(by: effective)
        var job = facet_convolution(from: map, to: target, kernel: (geometry.kernel, geometry.kernel))
        job.input = input
        job.output = output
        job.residual = epilogue.residual
        job.stride = geometry.stride
        job.pad_top = padding
        job.pad_left = padding
        job.rows_contiguous = readsRowsContiguously ? 1 : 0
        job.relu = epilogue.relu ? 1 : 0
        panels.run(
            job, images: images, halves: images * target.pixels <= Self.fewPixels ? halves?.weights : nil,
            scale: halves?.scale, pool: pool)
    }
}

extension facet_convolution {
    /// The share of taps that read inside the map, over all pixels.
    var tapsInside: Double {
        func share(_ outputs: Int, _ taps: Int, _ padding: Int, _ size: Int) -> Double {
            let inside = (0..<outputs).reduce(0) { sum, output in
                let first = output * stride - padding
                return sum + max(0, min(size, first + taps) - max(0, first))
            }
            return Double(inside) / Double(max(1, outputs * taps))
        }
        if rows_contiguous != 0 { return 1 }
        return share(oh, kh, pad_top, h) * share(ow, kw, pad_left, w)
    }

    /// A convolution of stride 1 without padding that writes every pixel of `target`.
    init(from map: MapShape, to target: MapShape, kernel: (rows: Int, columns: Int)) {
        self.init()
        (h, w, c) = (map.height, map.width, map.channels)
        (oh, ow, oc) = (target.height, target.width, target.channels)
        (out_h, out_w) = (target.height, target.width)
        (kh, kw) = (kernel.rows, kernel.columns)
        (stride, out_stride, stride_ahead) = (1, 1, 1)
    }
}
