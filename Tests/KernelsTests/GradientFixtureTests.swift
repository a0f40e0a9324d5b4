// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

/// Single layers against PyTorch's autograd in double precision: Fixtures/make_gradients.py.
@Suite("Gradients of layers are PyTorch's")
struct GradientFixtureTests {
    static let file: GoldenTensors? = try? GoldenTensors(
        Golden.root.appendingPathComponent("Tests/KernelsTests/Fixtures/gradients.safetensors"))

    /// Cases whose names begin with `kind`, without the tensor's own name.
    static func cases(_ kind: String) -> [String] {
        let names = (file?.names ?? []).filter { $0.hasPrefix(kind + ".") && $0.hasSuffix(".dy") }
        return names.map { String($0.dropLast(3)) }
    }

    private func values(_ name: String) throws -> [Float] { try #require(Self.file?[name], "\(name)").values }

    private func stored(_ name: String) throws -> FloatStorage {
        let values = try values(name)
        let storage = FloatStorage(count: values.count)
        _ = storage.buffer.initialize(from: values)
        return storage
    }

    @Test("Convolutions", arguments: cases("conv"), InstructionSet.available)
    func convolution(name: String, set: InstructionSet) throws {
        let x = try #require(Self.file?["\(name).x"])
        let weight = try #require(Self.file?["\(name).weight"])
        let numbers = name.split(separator: ".")[1].split { !$0.isNumber }.compactMap { Int($0) }
        let geometry = ConvolutionGeometry(
            inputChannels: weight.shape[1], outputChannels: weight.shape[0], kernel: numbers[0], stride: numbers[1],
            padding: numbers[2])
        let convolution = TrainableConvolution(geometry, carriesGradient: true, instructions: set)
        convolution.pack(weight.values)
        let map = MapShape(height: x.shape[1], width: x.shape[2], channels: x.shape[3])
        let gradient = try values("\(name).dy")
        var (dx, dw) = (x.values, weight.values)
        var scratch = [Float](repeating: 0, count: convolution.scratchCount)
        convolution.inputGradient(images: x.shape[0], map: map, outputGradient: gradient, into: &dx)
        convolution.weightGradient(
            images: x.shape[0], map: map, input: x.values, outputGradient: gradient, scratch: &scratch, into: &dw)
        expectClose(dx, try values("\(name).dx"), "\(name).dx", tolerance: 1e-5)
        expectClose(dw, try values("\(name).dweight"), "\(name).dweight", tolerance: 1e-5)
    }

    @Test("Fully connected layers are 1x1 convolutions", arguments: cases("linear"), InstructionSet.available)
    func linear(name: String, set: InstructionSet) throws {
        let weight = try #require(Self.file?["\(name).weight"])
        let geometry = ConvolutionGeometry(
            inputChannels: weight.shape[1], outputChannels: weight.shape[0], kernel: 1)
        let layer = TrainableConvolution(geometry, carriesGradient: true, instructions: set)
        layer.pack(weight.values, bias: try values("\(name).bias"))
        let point = MapShape(height: 1, width: 1, channels: weight.shape[1])
        let (x, gradient) = (try values("\(name).x"), try values("\(name).dy"))
        var (y, dx, dw) = (gradient, x, weight.values)
        var scratch = [Float](repeating: 0, count: layer.scratchCount)
        layer.forward(images: 5, map: point, input: x, output: &y)
        layer.inputGradient(images: 5, map: point, outputGradient: gradient, into: &dx)
        layer.weightGradient(
            images: 5, map: point, input: x, outputGradient: gradient, scratch: &scratch, into: &dw)
        expectClose(y, try values("\(name).y"), "\(name).y", tolerance: 1e-5)
        expectClose(dx, try values("\(name).dx"), "\(name).dx", tolerance: 1e-5)
        expectClose(dw, try values("\(name).dweight"), "\(name).dweight", tolerance: 1e-5)
    }

    @Test(
        "Batch normalisation with ReLU, with and without a residual", arguments: cases("norm"), InstructionSet.available
    )
    func norm(name: String, set: InstructionSet) throws {
        let (x, gradient) = (try stored("\(name).x"), try stored("\(name).dy"))
        let (weight, bias) = (try stored("\(name).weight"), try stored("\(name).bias"))
        let residual = Self.file?["\(name).residual"] == nil ? nil : try stored("\(name).residual")
        let channels = weight.buffer.count
        let pixels = x.buffer.count / channels
        let norm = TrainableNorm(channels: channels, instructions: set)
        let (y, kept) = (FloatStorage(count: x.buffer.count), FloatStorage(count: 3 * channels))
        let statistics = TrainableNorm.Statistics(
            mean: kept.base, inverse: kept.base + channels, unbiased: kept.base + 2 * channels)
        norm.forward(
            pixels: pixels, x: x.base, parameters: .init(weight: weight.base, bias: bias.base), statistics: statistics,
            residual: residual.map { UnsafePointer($0.base) }, relu: true, y: y.base)
        let (masked, dx) = (FloatStorage(count: x.buffer.count), FloatStorage(count: x.buffer.count))
        let (dw, db) = (FloatStorage(count: channels), FloatStorage(count: channels))
        norm.backward(
            pixels: pixels, gradient: gradient.base, output: y.base, x: x.base, weight: weight.base,
            statistics: statistics, masked: masked.base, target: dx.base, weightGradient: dw.base,
            biasGradient: db.base)
        expectClose(Array(y.buffer), try values("\(name).y"), "\(name).y", tolerance: 1e-5)
        expectClose(Array(kept.buffer.prefix(channels)), try values("\(name).mean"), "\(name).mean", tolerance: 1e-5)
        expectClose(
            Array(kept.buffer.suffix(channels)), try values("\(name).unbiased"), "\(name).unbiased", tolerance: 1e-5)
        expectClose(Array(dx.buffer), try values("\(name).dx"), "\(name).dx", tolerance: 2e-5)
        expectClose(Array(dw.buffer), try values("\(name).dweight"), "\(name).dweight", tolerance: 2e-5)
        expectClose(Array(db.buffer), try values("\(name).dbias"), "\(name).dbias", tolerance: 2e-5)
        if residual != nil {
            expectClose(Array(masked.buffer), try values("\(name).dresidual"), "\(name).dresidual", tolerance: 1e-6)
        }
        withExtendedLifetime((weight, bias, residual)) {}
    }

    @Test("Max pooling with ties", arguments: cases("maxpool"), InstructionSet.available)
    func maxPool(name: String, set: InstructionSet) throws {
        let x = try #require(Self.file?["\(name).x"])
        let map = MapShape(height: x.shape[1], width: x.shape[2], channels: x.shape[3])
        let geometry = ConvolutionGeometry(
            inputChannels: map.channels, outputChannels: map.channels, kernel: 3, stride: 2, padding: 1)
        let gradient = try values("\(name).dy")
        var (y, dx) = (gradient, x.values)
        var index = [UInt8](repeating: 0, count: y.count)
        Pooling.maxIndexed(
            geometry, images: x.shape[0], map: map, input: x.values, output: &y, index: &index, instructions: set)
        Pooling.maxGradient(
            geometry, images: x.shape[0], map: map, gradient: gradient, index: index, into: &dx, instructions: set)
        #expect(y == (try values("\(name).y")))
        expectClose(dx, try values("\(name).dx"), "\(name).dx", tolerance: 1e-6)
    }

    @Test("Mean pooling and scaling to length 1")
    func meanAndLength() throws {
        let map = MapShape(height: 4, width: 5, channels: 19)
        var dx = try values("meanpool.x")
        Pooling.meanGradient(images: 3, map: map, gradient: try values("meanpool.dy"), into: &dx, adding: false)
        expectClose(dx, try values("meanpool.dx"), "meanpool.dx", tolerance: 1e-6)
        for name in Self.cases("normalise") {
            let x = try values("\(name).x")
            var (y, dx, lengths) = (x, x, [Float](repeating: 0, count: 5))
            Pooling.normalise(rows: 5, count: x.count / 5, input: x, output: &y, lengths: &lengths)
            Pooling.normaliseGradient(
                rows: 5, count: x.count / 5, output: y, lengths: lengths, gradient: try values("\(name).dy"), into: &dx)
            expectClose(y, try values("\(name).y"), "\(name).y", tolerance: 1e-6)
            expectClose(dx, try values("\(name).dx"), "\(name).dx", tolerance: 1e-5)
        }
        #expect(Self.cases("normalise").count == 3 && Self.cases("conv").count == 14)
    }
}
