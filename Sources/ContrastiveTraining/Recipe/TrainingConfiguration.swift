// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import Networks
package import Preprocessing
package import Vectors

/// All that decides a run's result.
///
/// Two runs with equal configurations on equal data end with the same bits.
package struct TrainingConfiguration: Sendable, Codable, Equatable {
    package var recipe: Recipe
    /// Augmentations with an embedding space of their own, or, for the baselines, those that are applied.
    package var factors: [Factor]
    package var backbone = NetworkSpecification.Backbone.resnet18
    /// Output channels of the stem.
    package var width = 32
    /// Side of the training images in pixels.
    package var size = 64
    package var projection = 128
    package var step = StepSettings()
    package var schedule = Schedule()
    package var augmentation = AugmentationSettings()
    package var seed: UInt64 = 1
    /// SHA-256 over the data's names and contents.
    package var dataDigest = ""
    /// SHA-256 of the weights that the run starts with; empty for random ones.
    package var startDigest = ""

    /// The published recipe at a size that a CPU can train.
    package init(recipe: Recipe, factors: [Factor]? = nil) {
        self.recipe = recipe
        self.factors = factors ?? recipe.defaultFactors
    }

    package var network: NetworkSpecification {
        NetworkSpecification(
            backbone: backbone, width: width, heads: headNames.count, isPlusPlus: recipe == .loocpp,
            projection: projection)
    }

    package var headNames: [SpaceName] { recipe.headNames(factors) }

    /// Factors that keys copy from their query.
    package var keyed: [Factor] { recipe.hasFactorHeads ? factors : [] }

    /// ImageNet's constants; the whole image fits inside.
    package var preprocessing: Preprocessing {
        get throws {
            try Preprocessing(
                size: size, resize: .letterbox, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])
        }
    }

    /// The configuration as one line of JSON: keys in order, so that equal configurations have equal text.
    package var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// What two configurations differ in, each as `name: this, not that`.
    package func differences(to other: TrainingConfiguration) -> [String] {
        func fields(_ value: TrainingConfiguration) -> [String: String] {
            let object = (try? JSONSerialization.jsonObject(with: Data(value.text.utf8))) as? [String: Any] ?? [:]
            return Self.flattened(object)
        }
        let (mine, theirs) = (fields(self), fields(other))
        return mine.keys.sorted().filter { mine[$0] != theirs[$0] }.map {
            "\($0) was \(mine[$0] ?? "-") and is now \(theirs[$0] ?? "-")"
        }
    }

    private static func flattened(_ object: [String: Any]) -> [String: String] {
        var result: [String: String] = [:]
        for (name, value) in object {
            if let inner = value as? [String: Any] {
                for (key, text) in flattened(inner) { result["\(name).\(key)"] = text }
            } else {
                result[name] = "\(value)"
            }
        }
        return result
    }

    /// Reads ``text``; a setting that it does not name, because it is older than the setting, has its default.
    package init(text: String) throws {
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let defaults = try JSONSerialization.jsonObject(with: Data(TrainingConfiguration(recipe: .looc).text.utf8))
        let merged = try JSONSerialization.data(withJSONObject: Self.merged(object, over: defaults))
        self = try JSONDecoder().decode(Self.self, from: merged)
    }

    private static func merged(_ value: Any, over fallback: Any) -> Any {
        guard let value = value as? [String: Any], let fallback = fallback as? [String: Any] else { return value }
        return fallback.merging(value) { merged($1, over: $0) }
    }
}
