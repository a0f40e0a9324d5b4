// SPDX-License-Identifier: Apache-2.0

/// One vector that a network can give for an image.
package enum NetworkOutput: Hashable, Sendable {
    /// Pooled output of the backbone's last stage, as the network gives it (V).
    case backbone
    /// The features that head i projects: its own pooled stage 4 (LooC++), else the backbone's. Not normalised.
    case representation(Int)
    /// Head i's projection, L2-normalised: the space that the loss acts in (Z_i).
    case projection(Int)
}

extension Architecture {
    /// Every output of the network, backbone first.
    package var outputs: [NetworkOutput] {
        let perHead: [NetworkOutput] = heads.indices.flatMap { [.representation($0), .projection($0)] }
        return [.backbone] + perHead
    }

    /// Dimensions of one output; nil when the network lacks it.
    package func dimensions(of output: NetworkOutput) -> Int? {
        switch output {
        case .backbone: backboneDimensions
        case .representation(let head): heads.indices.contains(head) ? heads[head].representationDimensions : nil
        case .projection(let head): heads.indices.contains(head) ? heads[head].projectionDimensions : nil
        }
    }

    /// Dimensions of `concat`: all heads' representations (LooC++) or projections; nil without heads.
    package var concatDimensions: Int? {
        guard !heads.isEmpty else { return nil }
        return heads.reduce(0) { $0 + (isPlusPlus ? $1.representationDimensions : $1.projectionDimensions) }
    }
}
