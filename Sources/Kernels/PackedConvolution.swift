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
    private let weights: FloatStorage
    private let bias: FloatStorage
    private let zeros: FloatStorage

    /// Packs OIHW `weights`, multiplying output channel o by `scale[o]`.
    ///
    /// Few input channels (the stem's three) are packed for contiguous rows; ``needsPaddedInput`` then tells.
    package init(
        _ geometry: ConvolutionGeometry, weights source: UnsafeBufferPointer<Float>, scale: [Float],
        bias shift: [Float],
        instructions: InstructionSet = .best, pool: ComputePool? = nil
    ) {
        precondition(source.count == geometry.weightCount, "\(source.count) weights for \(geometry)")
        precondition(scale.count == geometry.outputChannels && shift.count == geometry.outputChannels, "\(geometry)")
        precondition(Self.isSupported(geometry), "unsupported kernel: \(geometry)")
        self.geometry = geometry
        self.instructions = instructions
        readsRowsContiguously = geometry.kernel > 1 && geometry.inputChannels <= 4
        let width = instructions.panelWidth
        let panels = (geometry.outputChannels + width - 1) / width
        let perPanel = geometry.weightCount / geometry.outputChannels * width
        weights = FloatStorage(count: panels * perPanel)
        bias = FloatStorage(count: panels * width)
        zeros = FloatStorage(count: geometry.inputChannels)
        bias.buffer.initialize(repeating: 0)
        for (index, value) in shift.enumerated() { bias.buffer[index] = value }
        zeros.buffer.initialize(repeating: 0)
        let packed = weights
        let lent = Borrowed(source)
        ComputePool.run(on: pool, count: panels) { panel in
            facet_pack_panel(
                lent.value.baseAddress, scale, geometry.outputChannels, geometry.inputChannels,
                geometry.kernel * geometry.kernel, panel * width, width, packed.buffer.baseAddress! + panel * perPanel)
        }
    }

    /// Whether the packed kernels handle `geometry`: at most 7x7 taps.
    package static func isSupported(_ geometry: ConvolutionGeometry) -> Bool {
        geometry.kernel * geometry.kernel <= Int(FACET_MAX_TAPS)
    }

    /// True when `forward` expects the map with its zero padding already around it.
    package var needsPaddedInput: Bool { readsRowsContiguously && geometry.padding > 0 }

    /// Bytes of packed weights.
    package var byteCount: Int { weights.buffer.count * MemoryLayout<Float>.stride }

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
        let job = facet_convolution(
            input: input, weights: weights.buffer.baseAddress, bias: bias.buffer.baseAddress,
            residual: epilogue.residual, zeros: zeros.buffer.baseAddress, output: output, h: map.height, w: map.width,
            c: map.channels, oh: target.height, ow: target.width, oc: target.channels, kh: geometry.kernel,
            kw: geometry.kernel, stride: geometry.stride, padding: padding,
            rows_contiguous: readsRowsContiguously ? 1 : 0, relu: epilogue.relu ? 1 : 0, stride_ahead: 1)
        run(job, pixels: images * target.pixels, pool: pool)
    }

    private func run(_ description: facet_convolution, pixels: Int, pool: ComputePool?) {
        let width = instructions.panelWidth
        let panels = (geometry.outputChannels + width - 1) / width
        let grid = WorkGrid(
            pixels: pixels, panels: panels, tileRows: instructions.tileRows,
            panelBytes: weights.buffer.count / panels * MemoryLayout<Float>.stride,
            work: pixels * geometry.workPerPixel, threads: pool?.threads ?? 1)
        let code = instructions.code
        var job = description
        job.stride_ahead = grid.panelsAhead
        let lent = Borrowed(job)
        ComputePool.run(on: pool, count: grid.count) { item in
            let (pixelRange, panelRange) = grid[item]
            withUnsafePointer(to: lent.value) {
                facet_convolve(
                    code, $0, pixelRange.lowerBound, pixelRange.upperBound, panelRange.lowerBound, panelRange.upperBound
                )
            }
        }
    }
}
