// SPDX-License-Identifier: Apache-2.0

package import Kernels

/// A residual network with contrastive heads, read off the weights' shapes.
///
/// ResNet v1.5 as in torchvision: basic blocks carry the stride on their first 3x3 convolution, bottlenecks on their
/// 3x3. LooC (Xiao et al., ICLR 2021) puts n+1 MLP heads on the pooled output of stage 4; LooC++ gives every head a
/// stage 4 of its own (section 3.2, "Conv5 in the heads").
package struct Architecture: Sendable, Equatable {
    package enum Block: String, Sendable { case basic, bottleneck }

    /// What precedes stage 1.
    package enum Stem: String, Sendable, Codable {
        /// 7x7 stride 2 and a 3x3 stride-2 max pooling.
        case imagenet
        /// 3x3 stride 1, no pooling: the CIFAR variant.
        case cifar
    }

    /// One convolution followed by batch normalisation, by its names and geometry.
    package struct Unit: Sendable, Equatable {
        package let convolution: String
        package let norm: String
        package let geometry: ConvolutionGeometry
    }

    /// One residual block: its units in order and the shortcut's projection where there is one.
    package struct Residual: Sendable, Equatable {
        package let units: [Unit]
        package let downsample: Unit?
    }

    /// One fully connected layer.
    package struct Layer: Sendable, Equatable {
        package let name: String
        package let inputs: Int
        package let outputs: Int
    }

    /// A head: LooC++ has `blocks` (its own stage 4), every head has one or two layers.
    package struct Head: Sendable, Equatable {
        package let blocks: [Residual]
        package let layers: [Layer]

        /// Dimensions of the representation that the layers project.
        package var representationDimensions: Int { layers[0].inputs }
        package var projectionDimensions: Int { layers[layers.count - 1].outputs }
    }

    package let block: Block
    package let stem: Stem
    package let stemUnit: Unit
    /// The backbone's stages: four for LooC, three for LooC++.
    package let stages: [[Residual]]
    package let heads: [Head]

    /// Dimensions of `backbone`.
    package var backboneDimensions: Int { Self.channels(of: stages[stages.count - 1]) }

    /// Whether the heads carry their own stage 4.
    package var isPlusPlus: Bool { heads.contains { !$0.blocks.isEmpty } }

    /// `resnet18`, `resnet34` or `resnet50` where the block counts say so, else the counts themselves.
    package var name: String {
        var counts = stages.map(\.count)
        if let head = heads.first, !head.blocks.isEmpty { counts.append(head.blocks.count) }
        let known = ["basic18": [2, 2, 2, 2], "basic34": [3, 4, 6, 3], "bottleneck50": [3, 4, 6, 3]]
        let match = known.first { $0.key.hasPrefix(block.rawValue) && $0.value == counts }
        let depth = match.map { String($0.key.dropFirst(block.rawValue.count)) }
        return "resnet" + (depth ?? "-\(block.rawValue)-" + counts.map(String.init).joined(separator: "."))
    }

    /// Output channels of the stem: 64 for the published networks.
    package var width: Int { stemUnit.geometry.outputChannels }

    static func channels(of blocks: [Residual]) -> Int {
        blocks[blocks.count - 1].units.last?.geometry.outputChannels ?? 0
    }
}
