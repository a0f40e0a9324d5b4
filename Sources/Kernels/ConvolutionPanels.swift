// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// The packed operand of the convolution kernel: weights in panels of output channels, a bias, and what it reads
/// outside the map.
///
/// Where an element of the unpacked weights lies is told by three strides, so that the same panels serve a forward
/// convolution and the ones that carry its gradient back. Packing writes memory in place: nobody may run meanwhile.
struct ConvolutionPanels: Sendable {
    let inputs: Int
    let outputs: Int
    /// Offset of each kernel tap in the unpacked weights, in the order the kernel visits them.
    let taps: [Int]
    let byOutput: Int
    let byInput: Int
    let instructions: InstructionSet
    private let weights: WeightSlice
    private let bias: WeightSlice
    private let zeros: WeightSlice

    init(
        inputs: Int, outputs: Int, taps: [Int], byOutput: Int, byInput: Int, instructions: InstructionSet,
        memory: WeightMemory? = nil
    ) {
        self.inputs = inputs
        self.outputs = outputs
        self.taps = taps
        self.byOutput = byOutput
        self.byInput = byInput
        self.instructions = instructions
        let width = instructions.panelWidth
        let count = (outputs + width - 1) / width
        weights = WeightMemory.take(count * taps.count * inputs * width, from: memory)
        bias = WeightMemory.take(count * width, from: memory)
        zeros = WeightMemory.take(inputs, from: memory)
        bias.buffer.initialize(repeating: 0)
        zeros.buffer.initialize(repeating: 0)
    }

    /// OIHW weights in the order of a forward convolution.
    init(_ geometry: ConvolutionGeometry, instructions: InstructionSet, memory: WeightMemory? = nil) {
        let taps = geometry.kernel * geometry.kernel
        self.init(
            inputs: geometry.inputChannels, outputs: geometry.outputChannels, taps: Array(0..<taps),
            byOutput: geometry.inputChannels * taps, byInput: taps, instructions: instructions,
            memory: memory)
    }

    /// In a batch of at least this many images the taps outside a small map are left out: a register tile then takes
    /// one position of several images.
    private static let fewestImages = 6
    /// The share of taps inside the map above which that does not pay.
    private static let mostTapsInside = 0.93

    /// Whether a register tile should take one position of several images.
    static func takesPositions(_ job: facet_convolution, images: Int) -> Bool {
        images >= fewestImages && job.tapsInside < mostTapsInside
    }

    var count: Int { (outputs + instructions.panelWidth - 1) / instructions.panelWidth }
    var floatsPerPanel: Int { taps.count * inputs * instructions.panelWidth }
    var byteCount: Int { weights.count * MemoryLayout<Float>.stride }

    /// Packs panel `index` of `source`, output channel o times `scale[o]` where there is a scale.
    func pack(_ index: Int, from source: UnsafePointer<Float>, scale: UnsafePointer<Float>? = nil) {
        let width = instructions.panelWidth
        withLayout {
            facet_pack_panel(source, scale, $0, index * width, width, panel(index))
        }
    }

    /// Writes the panels at `packed`, laid out as ours, to the unpacked `weights`.
    func unpack(_ packed: UnsafePointer<Float>, to weights: UnsafeMutablePointer<Float>) {
        let width = instructions.panelWidth
        withLayout { layout in
            for index in 0..<count {
                facet_unpack_panel(packed + index * floatsPerPanel, layout, index * width, width, weights)
            }
        }
    }

    /// Writes all packed weights in half precision, which must be exact, to `halves`.
    func halve(to halves: UnsafeMutablePointer<UInt16>) {
        let exact = facet_halve(instructions.code, weights.buffer.baseAddress, weights.count, halves)
        precondition(exact != 0, "weights of \(inputs) x \(outputs) are not those of half precision")
    }

    private func panel(_ index: Int) -> UnsafeMutablePointer<Float> {
        weights.buffer.baseAddress! + index * floatsPerPanel
    }

    private func withLayout(_ body: (UnsafePointer<facet_weight_layout>) -> Void) {
        taps.withUnsafeBufferPointer { taps in
            var layout = facet_weight_layout(
                oc: outputs, c: inputs, taps: taps.count, by_output: byOutput, by_input: byInput, tap: taps.baseAddress)
            body(&layout)
        }
    }

    /// One number an output channel, added to every pixel.
    func setBias(_ values: UnsafePointer<Float>) {
        bias.buffer.baseAddress!.update(from: values, count: outputs)
    }

    /// Spreads one convolution of `images` maps over `pool`; `job` names everything but the operand.
    ///
    /// Every output has the same bits however it is spread. Sums are multiplied with `scale` where it is given, and
    /// the weights read from `halves`, which have our layout.
    func run(
        _ job: facet_convolution, images: Int, halves: UnsafePointer<UInt16>? = nil,
        scale: UnsafePointer<Float>? = nil, pool: ComputePool?
    ) {
        var job = job
        let pixels = images * job.oh * job.ow
        let work = Int(Double(pixels * outputs * inputs * taps.count) * job.tapsInside)
        job.images = Self.takesPositions(job, images: images) ? images : 0
        let grid = WorkGrid(
            pixels: pixels, panels: count, tileRows: job.images > 1 ? images : instructions.tileRows,
            panelBytes: floatsPerPanel * (halves == nil ? 4 : 2), work: work, threads: pool?.threads ?? 1)
        job.halves = halves
        job.scale = scale
        job.weights = UnsafePointer(weights.buffer.baseAddress)
        job.bias = UnsafePointer(bias.buffer.baseAddress)
        job.zeros = UnsafePointer(zeros.buffer.baseAddress)
        job.stride_ahead = grid.panelsAhead
        let code = instructions.code
        let lent = Borrowed(job)
        ComputePool.run(on: pool, count: grid.count) { item in
            let (pixels, panels) = grid[item]
            withUnsafePointer(to: lent.value) {
                facet_convolve(
                    code, $0, pixels.lowerBound, pixels.upperBound, panels.lowerBound, panels.upperBound)
            }
        }
    }
}
