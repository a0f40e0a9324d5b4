// SPDX-License-Identifier: Apache-2.0

internal import Checkpoints
package import Foundation
internal import ModelFolders
internal import Networks
internal import Vectors

/// A trained model whose weights a run begins with instead of random ones; both encoders start from them.
///
/// The optimiser's velocity, the queues and the schedule begin anew, which makes the two runs together a schedule with warm
/// restarts (Loshchilov and Hutter, SGDR, ICLR 2017).
package struct StartingModel: Sendable {
    /// SHA-256 of the weights' file in hexadecimal.
    package let digest: String
    private let folder: ModelFolder

    /// Opens the model folder at `url`.
    ///
    /// - Throws: ``TrainingError/cannotStart(path:reason:)``.
    package init(_ url: URL) throws(TrainingError) {
        do {
            folder = try ModelFolder(opening: url)
        } catch {
            throw .cannotStart(path: url.path, reason: "\(error)")
        }
        digest = folder.checkpoint.withBytes { ContentDigest(of: $0).hex }
    }

    /// The model's weights, for a run of `configuration`.
    ///
    /// - Throws: ``TrainingError/cannotStart(path:reason:)`` when the network or its heads are others.
    func weights(for configuration: TrainingConfiguration) throws -> CheckpointWeights {
        let names = folder.manifest.heads.map(\.name)
        guard names == configuration.headNames else {
            throw unfit("its heads are", names.map(\.text), configuration.headNames.map(\.text))
        }
        let weights = CheckpointWeights(folder.checkpoint)
        var random = SystemRandomNumberGenerator()
        let wanted = try Architecture(reading: configuration.network.initialWeights(using: &random))
        guard try Architecture(reading: weights) == wanted else {
            let made = folder.manifest.architecture
            throw unfit(
                "its network is", ["\(made.family) \(made.backbone) of width \(made.width)"],
                ["\(configuration.recipe.rawValue) \(configuration.backbone.rawValue) of width \(configuration.width)"])
        }
        return weights
    }

    private func unfit(_ what: String, _ found: [String], _ wanted: [String]) -> TrainingError {
        let (found, wanted) = (found.joined(separator: ", "), wanted.joined(separator: ", "))
        return .cannotStart(
            path: folder.url.path,
            reason: "\(what) \(found), and this run's \(wanted) (and their sizes); choose --recipe, --factors, "
                + "--backbone, --width and --projection as it was trained with")
    }

    /// What the made model's `training` says of this one: its name and digest, and the work in it by all runs before.
    var provenance: [String: JSONScalar] {
        var facts: [String: JSONScalar] = ["started_from": .text(folder.id.text), "started_from_digest": .text(digest)]
        for name in ["epochs", "samples", "seconds"] {
            facts["earlier_\(name)"] = .number(number(name) + number("earlier_\(name)"))
        }
        return facts
    }

    /// A number of the model's own `training`, 0 where it says nothing.
    private func number(_ name: String) -> Double {
        if case .number(let value) = folder.manifest.training?[name] { value } else { 0 }
    }
}
