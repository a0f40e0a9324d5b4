// SPDX-License-Identifier: Apache-2.0

internal import Kernels

/// The algorithm that a plan uses for one convolution.
enum ConvolutionKernel: Sendable {
    case direct(PackedConvolution)
    case half(HalfConvolution)
    case winograd(WinogradConvolution)

    var geometry: ConvolutionGeometry {
        switch self {
        case .direct(let kernel): kernel.geometry
        case .half(let kernel): kernel.geometry
        case .winograd(let kernel): kernel.geometry
        }
    }

    /// Bytes of weights as the kernel keeps them.
    var byteCount: Int {
        switch self {
        case .direct(let kernel): kernel.byteCount
        case .half(let kernel): kernel.byteCount
        case .winograd(let kernel): kernel.byteCount
        }
    }

    /// What the profile says of the algorithm.
    var remark: String {
        switch self {
        case .direct: ""
        case .half: ", half"
        case .winograd(let kernel): ", tiles of \(kernel.tile)x\(kernel.tile)"
        }
    }

    /// True when `forward` expects the map with its zero padding already around it.
    var needsPaddedInput: Bool {
        if case .direct(let kernel) = self { return kernel.needsPaddedInput }
        return false
    }

    /// As ``PackedConvolution/forward(images:map:input:output:epilogue:pool:)``.
    func forward(
        images: Int, map: MapShape, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
        epilogue: PackedConvolution.Epilogue, pool: ComputePool?
    ) {
        switch self {
        case .direct(let kernel):
            kernel.forward(images: images, map: map, input: input, output: output, epilogue: epilogue, pool: pool)
        case .half(let kernel):
            kernel.forward(images: images, map: map, input: input, output: output, epilogue: epilogue, pool: pool)
        case .winograd(let kernel):
            kernel.forward(images: images, map: map, input: input, output: output, epilogue: epilogue, pool: pool)
        }
    }

    /// The Winograd tile that `geometry` should use on `map`; nil for the direct kernel.
    ///
    /// By estimate, not by measuring: the choice decides an embedding's last bits, and those must not depend on what
    /// else the machine did when the model was loaded. `networkBytes` are the weights of the whole network.
    static func tile(
        for geometry: ConvolutionGeometry, on map: MapShape, networkBytes: Int, instructions: InstructionSet,
        precision: Precision
    ) -> Int? {
        let candidates = [2, 4].filter { WinogradConvolution.isSupported(geometry, tile: $0, by: instructions) }
        let estimate = ConvolutionCost(
            geometry, on: map, networkBytes: networkBytes, instructions: instructions, precision: precision)
        let best = candidates.min { estimate.cycles(tile: $0) < estimate.cycles(tile: $1) }
        return best.flatMap { estimate.cycles(tile: $0) < estimate.directCycles ? $0 : nil }
    }
}

/// Estimates of the cycles an image costs, the mean of alone and in a batch of eight.
///
/// A batch of one reads all weights for few pixels, so that on small maps with many channels the larger tile, which has
/// four times the weights, waits for memory.
struct ConvolutionCost {
    private let geometry: ConvolutionGeometry
    private let target: MapShape
    private let lanes: Double
    /// At which weights arrive.
    private let bytesPerCycle: Double
    private let weightBytes: Double
    /// Fused multiply-adds of whole vectors of single precision a cycle.
    private let multipliers: Double
    /// Cycles to make ready one vector of inputs at one tap, for the direct kernel.
    private let directExtra: Double

    /// Bytes of weights that stay in the third cache from one pass to the next.
    private static let cachedBytes = 32 << 20
    /// Rates of the third cache and of main memory to one core, measured on a Xeon of 2.6 GHz: 28 and 14 GB/s.
    private static let cacheRate = 11.0
    private static let memoryRate = 5.5
    /// How much faster products are in half precision, measured over the layers of a ResNet-50.
    private static let halfGain = 1.65
    /// To round a vector of inputs to half precision, measured.
    private static let roundingCycles = 6.0
    /// Cycles to transform one vector at one point, there or back.
    private static let transformCycles = 5.0

    init(
        _ geometry: ConvolutionGeometry, on map: MapShape, networkBytes: Int, instructions: InstructionSet,
        precision: Precision
    ) {
        let bytes = precision == .half ? networkBytes / 2 : networkBytes
        bytesPerCycle = bytes <= Self.cachedBytes ? Self.cacheRate : Self.memoryRate
        weightBytes = precision == .half ? 2 : 4
        multipliers = precision == .half ? 2 * Self.halfGain : 2
        directExtra = precision == .half ? Self.roundingCycles : 0
        self.geometry = geometry
        target = map.convolved(by: geometry)
        lanes = Double(instructions.panelWidth) / 2
    }

    var directCycles: Double {
        cycles(products: tapsInside, planes: 9, transformed: 0)
            + Double(tapsInside * geometry.inputChannels) / lanes * directExtra
    }

    /// Kernel taps that read inside the map, summed over its pixels: in a batch the others are left out.
    private var tapsInside: Int {
        func count(_ size: Int) -> Int {
            (0..<size).reduce(0) { sum, at in
                sum + min(size, at - geometry.padding + 3) - max(0, at - geometry.padding)
            }
        }
        return count(target.height) * count(target.width)
    }

    func cycles(tile: Int) -> Double {
        let points = (tile + 2) * (tile + 2)
        let tiles = ((target.height + tile - 1) / tile) * ((target.width + tile - 1) / tile)
        return cycles(products: tiles * points, planes: points, transformed: tiles * points)
    }

    /// `products` multiplications a channel pair, `planes` weights a channel pair, `transformed` points a channel.
    private func cycles(products: Int, planes: Int, transformed: Int) -> Double {
        let channels = Double(geometry.inputChannels + geometry.outputChannels)
        let pairs = Double(geometry.inputChannels * geometry.outputChannels)
        let computing = Double(products) * pairs / (lanes * multipliers)
        let reading = Double(planes) * pairs * weightBytes / bytesPerCycle
        let transforming = Double(transformed) * channels / lanes * Self.transformCycles
        return (max(computing, reading) + max(computing, reading / 8)) / 2 + transforming
    }
}
