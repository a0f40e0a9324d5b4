// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Tensors

/// A convolution whose weights change: packed anew for every step, with the two gradients of its backward pass.
///
/// The gradient of the input is a convolution itself, of the output's gradient with the weights turned round: one for
/// each of the stride x stride classes of input pixels, which see different taps, so no multiplication is wasted on the
/// zeros of a strided one. A fully connected layer is a 1x1 convolution on a 1x1 map. ``pack(_:bias:pool:)`` writes
/// memory that the passes read: nobody may run meanwhile. All results have the same bits on any number of threads.
package struct TrainableConvolution: Sendable {
    package let geometry: ConvolutionGeometry
    package let instructions: InstructionSet
    /// Kernel rows are read as runs of kernel x channels floats, which pays for the stem's three channels; the input must
    /// be padded already, and no gradient passes to it.
    package let readsPaddedRows: Bool
    let panels: ConvolutionPanels
    private let classes: [PixelClass]
    private let zeros: FloatStorage

    /// Room for the weights of `geometry`; `carriesGradient` when ``inputGradient(images:map:outputGradient:into:adding:pool:)``
    /// will be called.
    package init(
        _ geometry: ConvolutionGeometry, carriesGradient: Bool, readsPaddedRows: Bool = false,
        instructions: InstructionSet = .best
    ) {
        precondition(!(carriesGradient && readsPaddedRows), "no gradient passes to a padded input")
        precondition(PackedConvolution.isSupported(geometry), "unsupported kernel: \(geometry)")
        self.geometry = geometry
        self.instructions = instructions
        self.readsPaddedRows = readsPaddedRows
        panels = ConvolutionPanels(geometry, instructions: instructions)
        classes = carriesGradient ? PixelClass.all(of: geometry, instructions: instructions) : []
        zeros = FloatStorage(count: geometry.inputChannels)
        zeros.buffer.initialize(repeating: 0)
    }

    /// Packs OIHW `weights` and, where there is one, a bias of one number an output channel.
    package func pack(_ weights: UnsafePointer<Float>, bias: UnsafePointer<Float>? = nil, pool: ComputePool? = nil) {
        if let bias { panels.setBias(bias) }
        let operands = [panels] + classes.compactMap(\.panels)
        let items = operands.flatMap { operand in (0..<operand.count).map { (operand, $0) } }
        let lent = Borrowed(weights)
        ComputePool.run(on: pool, count: items.count) { index in
            let (operand, panel) = items[index]
            operand.pack(panel, from: lent.value)
        }
    }

    /// As ``PackedConvolution/forward(images:map:input:output:epilogue:pool:)``.
    package func forward(
        images: Int, map: MapShape, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
        relu: Bool = false,
        pool: ComputePool? = nil
    ) {
        let (target, padding) = extents(map)
        var job = facet_convolution(from: map, to: target, kernel: (geometry.kernel, geometry.kernel))
        (job.input, job.output) = (input, output)
        (job.stride, job.pad_top, job.pad_left) = (geometry.stride, padding, padding)
        job.rows_contiguous = readsPaddedRows ? 1 : 0
        job.relu = relu ? 1 : 0
        panels.run(job, images: images, pool: pool)
    }

    /// The output's map for an input of `map` (padded where ``readsPaddedRows``), and the padding left to do.
    func extents(_ map: MapShape) -> (target: MapShape, padding: Int) {
        let padding = readsPaddedRows ? 0 : geometry.padding
        let effective = ConvolutionGeometry(
            inputChannels: geometry.inputChannels, outputChannels: geometry.outputChannels, kernel: geometry.kernel,
            stride: geometry.stride, padding: padding)
        return (map.convolved(by: effective), padding)
    }

    // MARK: Gradients

    /// The gradient of the input from that of the output, plus `adding` (which may be `target` itself).
    ///
    /// `map` is the input's map without padding; `target` holds images x map.count floats.
    package func inputGradient(
        images: Int, map: MapShape, outputGradient: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>,
        adding: UnsafePointer<Float>? = nil, pool: ComputePool? = nil
    ) {
        precondition(!classes.isEmpty, "\(geometry) was made without the gradient of its input")
        let source = map.convolved(by: geometry)
        if classes.contains(where: { $0.panels == nil }) { fillRest(target, adding, count: images * map.count) }
        for pixels in classes {
            guard let panels = pixels.panels else { continue }
            let job = pixels.job(from: source, to: map, input: outputGradient, output: target, residual: adding)
            panels.run(job, images: images, pool: pool)
        }
    }

    /// What pixels get that no tap reaches.
    private func fillRest(_ target: UnsafeMutablePointer<Float>, _ adding: UnsafePointer<Float>?, count: Int) {
        guard let adding else { return target.update(repeating: 0, count: count) }
        if adding != UnsafePointer(target) { target.update(from: adding, count: count) }
    }

    /// Floats of scratch that ``weightGradient(images:map:input:outputGradient:scratch:into:pool:)`` needs.
    package var scratchCount: Int { panels.count * panels.floatsPerPanel }

    /// The gradient of the weights, OIHW, overwritten.
    ///
    /// `map` and `input` as in the forward pass. Sums run over the pixels of the batch in order.
    package func weightGradient(
        images: Int, map: MapShape, input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, into target: UnsafeMutablePointer<Float>, pool: ComputePool? = nil
    ) {
        let (out, padding) = extents(map)
        scratch.update(repeating: 0, count: scratchCount)
        let taps = readsPaddedRows ? geometry.kernel : geometry.kernel * geometry.kernel
        let job = facet_weight_gradient(
            input: input, gradient: outputGradient, zeros: zeros.buffer.baseAddress, weights: scratch, h: map.height,
            w: map.width, c: map.channels, oh: out.height, ow: out.width, oc: out.channels, kh: geometry.kernel,
            kw: geometry.kernel, stride: geometry.stride, padding: padding,
            rows_contiguous: readsPaddedRows ? 1 : 0)
        let lent = Borrowed(job)
        let (code, pixels, count) = (instructions.code, images * out.pixels, panels.count)
        if let pool, pool.threads > 1 {
            pool.run(count: count * taps) { item in
                let (panel, tap) = (item / taps, item % taps)
                withUnsafePointer(to: lent.value) {
                    facet_accumulate_weights(code, $0, pixels, panel, panel + 1, tap, tap + 1)
                }
            }
        } else {
            withUnsafePointer(to: lent.value) { facet_accumulate_weights(code, $0, pixels, 0, count, 0, taps) }
        }
        panels.unpack(scratch, to: target)
    }
}

/// The input pixels at (row, column) modulo the stride: they see the same taps of the kernel.
private struct PixelClass: Sendable {
    let row: Int
    let column: Int
    let stride: Int
    let rows: Reach
    let columns: Reach
    /// The taps that reach these pixels; nil when none does.
    let panels: ConvolutionPanels?

    /// Along one axis: the taps that reach the pixels, last first, and how far before the pixel's own place the first
    /// of them reads.
    struct Reach: Sendable {
        let taps: [Int]
        let before: Int

        init(_ offset: Int, _ geometry: ConvolutionGeometry) {
            taps = (0..<geometry.kernel).reversed().filter { (offset + geometry.padding - $0) % geometry.stride == 0 }
            before = taps.first.map { -((offset + geometry.padding - $0) / geometry.stride) } ?? 0
        }
    }

    init(row: Int, column: Int, _ geometry: ConvolutionGeometry, _ instructions: InstructionSet) {
        let (rows, columns) = (Reach(row, geometry), Reach(column, geometry))
        let (kernel, inputs, outputs) = (geometry.kernel, geometry.inputChannels, geometry.outputChannels)
        let taps = rows.taps.flatMap { row in columns.taps.map { row * kernel + $0 } }
        self.row = row
        self.column = column
        stride = geometry.stride
        self.rows = rows
        self.columns = columns
        panels =
            taps.isEmpty
            ? nil
            : ConvolutionPanels(
                inputs: outputs, outputs: inputs, taps: taps, byOutput: kernel * kernel,
                byInput: inputs * kernel * kernel, instructions: instructions)
    }

    static func all(of geometry: ConvolutionGeometry, instructions: InstructionSet) -> [PixelClass] {
        (0..<geometry.stride * geometry.stride).map {
            PixelClass(row: $0 / geometry.stride, column: $0 % geometry.stride, geometry, instructions)
        }
    }

    /// The convolution that gives these pixels of `target`.
    func job(
        from source: MapShape, to target: MapShape, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
        residual: UnsafePointer<Float>?
    ) -> facet_convolution {
        let mine = MapShape(
            height: max(0, target.height - row + stride - 1) / stride,
            width: max(0, target.width - column + stride - 1) / stride, channels: target.channels)
        var job = facet_convolution(from: source, to: mine, kernel: (rows.taps.count, columns.taps.count))
        (job.input, job.output, job.residual) = (input, output, residual)
        (job.pad_top, job.pad_left) = (rows.before, columns.before)
        (job.out_h, job.out_w, job.out_stride) = (target.height, target.width, stride)
        (job.out_top, job.out_left) = (row, column)
        return job
    }
}
