// SPDX-License-Identifier: Apache-2.0

import Kernels
import Tensors
import TestSupport

/// A convolution with a random gradient of its output.
///
/// The loss is linear in input and weights, so the differences are
/// exact up to rounding; they are summed here pair by pair, in double, from the definition.
struct ConvolutionGradient {
    let geometry: ConvolutionGeometry
    let map: MapShape
    let images: Int
    let input: [Float]
    let weights: [Float]
    let outputGradient: [Float]
    let extra: [Float]
    let weightGradient: [Float]
    let inputGradient: [Float]

    init(_ geometry: ConvolutionGeometry, images: Int, height: Int, width: Int) {
        var random = SeededGenerator(seed: UInt64(geometry.weightCount))
        self.geometry = geometry
        self.images = images
        map = MapShape(height: height, width: width, channels: geometry.inputChannels)
        let target = map.convolved(by: geometry)
        input = random.floats(images * map.count)
        weights = random.floats(geometry.weightCount)
        outputGradient = random.floats(images * target.count)
        extra = random.floats(input.count)
        var byWeight = [Double](repeating: 0, count: weights.count)
        var byInput = [Double](repeating: 0, count: input.count)
        let size = geometry.kernel
        for at in outputGradient.indices {
            let o = at % target.channels
            let (x, y) = (at / target.channels % target.width, at / target.channels / target.width % target.height)
            for tap in 0..<size * size {
                let row = y * geometry.stride + tap / size - geometry.padding
                let column = x * geometry.stride + tap % size - geometry.padding
                guard (0..<map.height).contains(row), (0..<map.width).contains(column) else { continue }
                for c in 0..<map.channels {
                    let place = ((at / target.count * map.height + row) * map.width + column) * map.channels + c
                    let weight = (o * map.channels + c) * size * size + tap
                    byWeight[weight] += Double(outputGradient[at]) * Double(input[place])
                    byInput[place] += Double(outputGradient[at]) * Double(weights[weight])
                }
            }
        }
        weightGradient = byWeight.map(Float.init)
        inputGradient = byInput.map(Float.init)
    }

    func fast(
        _ set: InstructionSet, _ pool: ComputePool?, adding: Bool = false, padded: Bool = false
    ) -> (weights: [Float], input: [Float]) {
        let convolution = TrainableConvolution(
            geometry, carriesGradient: !padded, readsPaddedRows: padded, instructions: set)
        convolution.pack(weights, pool: pool)
        var found = [Float](repeating: 9, count: weights.count)
        var carried = adding ? extra : [Float](repeating: 9, count: input.count)
        var scratch = [Float](repeating: 9, count: convolution.scratchCount)
        var (source, sourceMap) = (input, map)
        if padded {
            let edge = geometry.padding
            sourceMap = MapShape(
                height: map.height + 2 * edge, width: map.width + 2 * edge, channels: map.channels)
            source = [Float](repeating: 0, count: images * sourceMap.count)
            Pooling.pad(by: edge, images: images, map: map, input: input, output: &source)
        }
        convolution.weightGradient(
            images: images, map: sourceMap, input: source, outputGradient: outputGradient, scratch: &scratch,
            into: &found, pool: pool)
        guard !padded else { return (found, []) }
        carried.withUnsafeMutableBufferPointer {
            convolution.inputGradient(
                images: images, map: map, outputGradient: outputGradient, into: $0.baseAddress!,
                adding: adding ? UnsafePointer($0.baseAddress!) : nil, pool: pool)
        }
        return (found, carried)
    }
}

/// Batch normalisation with a random gradient of its output.
struct NormGradient {
    let channels: Int
    let pixels: Int
    let relu: Bool
    let x: [Float]
    let weight: [Float]
    let bias: [Float]
    let residual: [Float]?
    let gradient: [Float]
    let set: InstructionSet

    init(channels: Int, pixels: Int, relu: Bool, residual: Bool, set: InstructionSet, x: [Float]? = nil) {
        var random = SeededGenerator(seed: UInt64(channels))
        self.channels = channels
        self.pixels = pixels
        self.relu = relu
        self.set = set
        self.x = x ?? random.floats(channels * pixels)
        weight = random.floats(channels)
        bias = random.floats(channels)
        self.residual = residual ? random.floats(channels * pixels) : nil
        gradient = random.floats(channels * pixels)
    }

    struct Gradients {
        var x: [Float]
        var weight: [Float]
        var bias: [Float]
    }

    func fast() -> Gradients {
        let (y, kept, norm) = run()
        let (at, out, weight) = (stored(x), stored(gradient), stored(weight))
        let (byWeight, byBias) = (stored(bias), stored(bias))
        norm.backward(
            pixels: pixels, gradient: out.base, output: relu ? UnsafePointer(y.base) : nil, x: at.base,
            weight: weight.base, statistics: statistics(in: kept), masked: out.base, target: out.base,
            weightGradient: byWeight.base, biasGradient: byBias.base)
        return Gradients(x: Array(out.buffer), weight: Array(byWeight.buffer), bias: Array(byBias.buffer))
    }

    /// What the forward pass found for channel 0.
    func statistics() -> (mean: Float, inverse: Float) {
        let (_, kept, _) = run()
        return (kept.buffer[0], kept.buffer[channels])
    }

    private func run() -> (y: FloatStorage, kept: FloatStorage, norm: TrainableNorm) {
        let norm = TrainableNorm(channels: channels, instructions: set)
        let (at, y, kept) = (stored(x), stored(x), FloatStorage(count: 3 * channels))
        let (weight, bias, residual) = (stored(weight), stored(bias), residual.map(stored))
        norm.forward(
            pixels: pixels, x: at.base, parameters: .init(weight: weight.base, bias: bias.base),
            statistics: statistics(in: kept), residual: residual.map { UnsafePointer($0.base) }, relu: relu, y: y.base)
        withExtendedLifetime((at, weight, bias, residual)) {}
        return (y, kept, norm)
    }

    private func statistics(in kept: FloatStorage) -> TrainableNorm.Statistics {
        .init(mean: kept.base, inverse: kept.base + channels, unbiased: kept.base + 2 * channels)
    }

    private func stored(_ values: [Float]) -> FloatStorage {
        let storage = FloatStorage(count: values.count)
        _ = storage.buffer.initialize(from: values)
        return storage
    }

    /// Central differences of the loss in double.
    func numeric() -> Gradients {
        var result = Gradients(x: x, weight: weight, bias: bias)
        for c in 0..<channels {
            let column = (0..<pixels).map { Double(x[$0 * channels + c]) }
            let (w, b) = (Double(weight[c]), Double(bias[c]))
            for p in 0..<pixels {
                result.x[p * channels + c] = slope {
                    var moved = column
                    moved[p] += $0
                    return loss(c, moved, w, b)
                }
            }
            result.weight[c] = slope { loss(c, column, w + $0, b) }
            result.bias[c] = slope { loss(c, column, w, b + $0) }
        }
        return result
    }

    private func slope(_ loss: (Double) -> Double) -> Float { Float((loss(1e-5) - loss(-1e-5)) / 2e-5) }

    /// The part of the loss that channel `c` makes.
    private func loss(_ c: Int, _ column: [Double], _ weight: Double, _ bias: Double) -> Double {
        let mean = column.reduce(0, +) / Double(pixels)
        let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(pixels)
        return column.indices.reduce(0.0) { sum, p in
            var y = (column[p] - mean) / (variance + 1e-5).squareRoot() * weight + bias
            if let residual { y += Double(residual[p * channels + c]) }
            return sum + (relu ? max(0, y) : y) * Double(gradient[p * channels + c])
        }
    }
}

extension FloatStorage {
    var base: UnsafeMutablePointer<Float> { buffer.baseAddress! }
}
