// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Kernels
internal import Tensors

/// A network to be trained from nothing: what a user chooses, and the random weights it starts from.
package struct NetworkSpecification: Sendable, Codable, Equatable {
    /// The residual networks of He et al., 2016, table 1.
    package enum Backbone: String, Sendable, Codable, CaseIterable {
        case resnet18, resnet34, resnet50

        var counts: [Int] {
            switch self {
            case .resnet18: [2, 2, 2, 2]
            case .resnet34, .resnet50: [3, 4, 6, 3]
            }
        }

        var isBottleneck: Bool { self == .resnet50 }
    }

    package var backbone: Backbone
    /// Output channels of the stem; 64 as published.
    package var width: Int
    /// 7x7 stride 2 and pooling, or 3x3 without.
    package var stem: Architecture.Stem
    package var heads: Int
    /// LooC++: stage 4 in every head.
    package var isPlusPlus: Bool
    /// Dimensions of the projections; 128 as published.
    package var projection: Int

    package init(
        backbone: Backbone = .resnet18, width: Int = 64, stem: Architecture.Stem = .imagenet, heads: Int,
        isPlusPlus: Bool = false, projection: Int = 128
    ) {
        self.backbone = backbone
        self.width = width
        self.stem = stem
        self.heads = heads
        self.isPlusPlus = isPlusPlus
        self.projection = projection
    }

    /// Random weights under canonical names, running statistics 0 and 1.
    ///
    /// Convolutions as in torchvision: normal with variance 2 / (kernel^2 x output channels) (He et al., 2015, fan-out).
    /// Layers as PyTorch's default: uniform within 1 / sqrt(inputs).
    package func initialWeights(using random: inout some RandomNumberGenerator) -> TensorWeights {
        var drawing = Drawing(random: random)
        let kernel = stem == .imagenet ? 7 : 3
        drawing.unit("backbone.conv1.weight", norm: "backbone.bn1", inputs: 3, outputs: width, kernel: kernel)
        var channels = width
        for stage in 0..<(isPlusPlus ? 3 : 4) {
            channels = self.stage("backbone.layer\(stage + 1)", stage, channels, &drawing)
        }
        for head in 0..<heads {
            var features = channels
            if isPlusPlus { features = self.stage("heads.\(head).layer4", 3, channels, &drawing) }
            let prefix = "heads.\(head)" + (isPlusPlus ? ".fc" : "")
            drawing.layer(prefix + ".0", inputs: features, outputs: features)
            drawing.layer(prefix + ".2", inputs: features, outputs: projection)
        }
        random = drawing.random
        return TensorWeights(drawing.tensors)
    }

    /// Draws the blocks of one stage and returns its output channels.
    private func stage<R>(_ prefix: String, _ index: Int, _ inputs: Int, _ drawing: inout Drawing<R>) -> Int {
        let planes = width << index
        let outputs = backbone.isBottleneck ? 4 * planes : planes
        var channels = inputs
        for block in 0..<backbone.counts[index] {
            let name = "\(prefix).\(block)"
            let plan =
                backbone.isBottleneck
                ? [(channels, planes, 1), (planes, planes, 3), (planes, outputs, 1)]
                : [(channels, planes, 3), (planes, planes, 3)]
            for (number, (from, to, kernel)) in plan.enumerated() {
                drawing.unit(
                    "\(name).conv\(number + 1).weight", norm: "\(name).bn\(number + 1)", inputs: from, outputs: to,
                    kernel: kernel)
            }
            if block == 0, index > 0 || channels != outputs {
                drawing.unit(
                    "\(name).downsample.0.weight", norm: "\(name).downsample.1", inputs: channels, outputs: outputs,
                    kernel: 1)
            }
            channels = outputs
        }
        return channels
    }

    /// Draws tensors one after the other from one stream of random bits.
    private struct Drawing<Random: RandomNumberGenerator> {
        var random: Random
        var tensors: [String: Tensor] = [:]

        mutating func unit(_ name: String, norm: String, inputs: Int, outputs: Int, kernel: Int) {
            let shape = Shape([outputs, inputs, kernel, kernel])
            let deviation = (2 / Double(kernel * kernel * outputs)).squareRoot()
            tensors[name] = Tensor((0..<shape.count).map { _ in Float(normal() * deviation) }, shape: shape)
            let ones = Tensor(repeatElement(1, count: outputs), shape: [outputs])
            let zeros = Tensor(zeros: [outputs])
            tensors[norm + ".weight"] = ones
            tensors[norm + ".bias"] = zeros
            tensors[norm + ".running_mean"] = zeros
            tensors[norm + ".running_var"] = ones
        }

        mutating func layer(_ name: String, inputs: Int, outputs: Int) {
            let bound = 1 / Double(inputs).squareRoot()
            for (part, shape) in [("weight", Shape([outputs, inputs])), ("bias", Shape([outputs]))] {
                let values = (0..<shape.count).map { _ in Float(Double.random(in: -bound...bound, using: &random)) }
                tensors["\(name).\(part)"] = Tensor(values, shape: shape)
            }
        }

        /// Box and Muller's transform.
        private mutating func normal() -> Double {
            let radius = (-2 * log(1 - Double.random(in: 0..<1, using: &random))).squareRoot()
            return radius * cos(2 * .pi * Double.random(in: 0..<1, using: &random))
        }
    }
}
