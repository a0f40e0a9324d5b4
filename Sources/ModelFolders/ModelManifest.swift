// SPDX-License-Identifier: Apache-2.0

package import Preprocessing
package import Vectors

/// What `model.json` says about the checkpoint beside it.
///
/// Written by `facet convert` and `facet train`; read by everything that runs the model. Unknown keys are ignored, so
/// newer files load in older programs.
package struct ModelManifest: Sendable, Hashable, Codable {
    /// The version of this format; a greater one is refused.
    package var format = ModelManifest.currentFormat
    /// What the network is, in words: for people and for `/v1/models`.
    package var architecture: Summary
    /// The spaces that can be asked for, backbone first.
    package var spaces: [Space]
    package var preprocessing: Preprocessing
    /// Where the weights come from: free words and numbers under names of the writer's choice.
    package var training: [String: JSONScalar]?
    /// How training went, a few dozen points a curve: `epoch` is the common abscissa.
    package var curves: [String: [Double]]?
    /// The licence of the weights, such as `Apache-2.0`.
    package var licence: String?

    package static let currentFormat = 1

    /// The network in words and numbers.
    package struct Summary: Sendable, Hashable, Codable {
        /// `looc`, `loocpp`, `moco` or `resnet`.
        package var family: String
        /// `resnet18`, `resnet50`, ...
        package var backbone: String
        /// Output channels of the stem, 64 for the published networks.
        package var width: Int
        package var heads: Int

        package init(family: String, backbone: String, width: Int, heads: Int) {
            self.family = family
            self.backbone = backbone
            self.width = width
            self.heads = heads
        }
    }

    /// One space: its name, what it is and what it knows.
    package struct Space: Sendable, Hashable, Codable {
        package enum Kind: String, Sendable, Codable {
            /// The pooled output of the backbone, as the network gives it.
            case backbone
            /// A head's projection, L2-normalised.
            case head
            /// The features a head projects, as the network gives them.
            case representation
            /// All heads' representations, each L2-normalised, one after the other.
            case concat
        }

        package var name: SpaceName
        package var kind: Kind
        package var dimensions: Int
        /// Which head, counted from 0, for `head` and `representation`.
        package var head: Int?
        /// The factors that move a vector of this space, where that is known by construction.
        package var sensitiveTo: [String]?
        /// Measured invariance by factor: 1 ignores it, 0 is as if it were another image.
        package var invariance: [String: Double]?
        /// Measured by factor: how often a view with the same parameter is nearer than one with another; 0.5 is blind.
        package var advantage: [String: Double]?
        /// Measured by factor: accuracy of reading the parameter off the vectors of an image and its changed view.
        package var prediction: [String: Double]?

        package init(
            name: SpaceName, kind: Kind, dimensions: Int, head: Int? = nil, sensitiveTo: [String]? = nil,
            invariance: [String: Double]? = nil
        ) {
            self.name = name
            self.kind = kind
            self.dimensions = dimensions
            self.head = head
            self.sensitiveTo = sensitiveTo
            self.invariance = invariance
        }

        enum CodingKeys: String, CodingKey {
            case name, kind, dimensions, head
            case sensitiveTo = "sensitive_to"
            case invariance, advantage, prediction
        }
    }

    package init(
        architecture: Summary, spaces: [Space], preprocessing: Preprocessing, training: [String: JSONScalar]? = nil,
        curves: [String: [Double]]? = nil, licence: String? = nil
    ) {
        self.architecture = architecture
        self.spaces = spaces
        self.preprocessing = preprocessing
        self.training = training
        self.curves = curves
        self.licence = licence
    }

    /// The space called `name`; nil when the model has none.
    package func space(_ name: SpaceName) -> Space? {
        spaces.first { $0.name == name }
    }

    /// The heads' projections in order: what a caller gets who names no space but wants to search.
    package var heads: [Space] { spaces.filter { $0.kind == .head } }
}

/// A number, word or truth value in `training`.
package enum JSONScalar: Sendable, Hashable, Codable {
    case text(String)
    case number(Double)
    case truth(Bool)

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Bool.self) {
            self = .truth(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .truth(let value): try container.encode(value)
        }
    }
}
