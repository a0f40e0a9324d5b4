// SPDX-License-Identifier: Apache-2.0

internal import Checkpoints
internal import Foundation
internal import ModelFolders
internal import Networks

/// Turns a state into a model folder that `facet serve` loads.
struct ModelPublisher {
    let configuration: TrainingConfiguration
    let folder: RunFolder

    /// Writes `model.safetensors` and then `model.json`, each complete or not at all.
    ///
    /// - Throws: ``TrainingError/cannotWrite(path:reason:)``.
    func publish(
        _ state: TrainingState, training: [String: JSONScalar], curves: [String: [Double]]
    ) throws(TrainingError) {
        do {
            var manifest = ModelManifest(
                state.architecture, headNames: configuration.headNames, preprocessing: try configuration.preprocessing,
                training: training, licence: "Apache-2.0")
            manifest.curves = curves
            let weights = folder.model.appendingPathComponent(ModelFolder.weightsFile)
            try SafetensorsWriter.write(state.network, to: weights.path, metadata: ["format": "pt"])
            try ModelFolder.write(manifest, to: folder.model)
        } catch {
            throw .cannotWrite(path: folder.model.path, reason: "\(error)")
        }
    }
}
