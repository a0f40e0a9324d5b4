// SPDX-License-Identifier: Apache-2.0

internal import Checkpoints
package import EmbeddingPipeline
package import Foundation
package import Kernels
internal import ModelFolders
internal import Preprocessing
internal import TestSupport
internal import Vectors

/// Model folders made from the golden checkpoints in the tree, in a temporary folder that lives as long as this object.
package final class TestModels: Sendable {
    package let folder: URL
    package let pool: ComputePool
    /// Serves `looc` (ResNet-50 width 8; backbone, invariant, color, rotation, concat) and `loocpp`; both loaded.
    package let registry: ModelRegistry

    package init(threads: Int = 2) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("facet-models-\(UUID().uuidString)")
        pool = ComputePool(threads: threads)
        guard let id = ModelID("looc"), let other = ModelID("loocpp") else { preconditionFailure("a name is not one") }
        try Self.convert(
            "looc-r50w8", names: ["invariant", "color", "rotation"], to: folder.appendingPathComponent("looc"))
        try Self.convert(
            "loocpp-r18w8", names: ["invariant", "color", "rotation", "texture"],
            to: folder.appendingPathComponent("loocpp"))
        registry = ModelRegistry(folder: folder, defaultID: id, pool: pool)
        try registry.load(id)
        try registry.load(other)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// The model `looc`.
    package var looc: EmbeddingModel {
        guard let model = registry.defaultModel else { preconditionFailure("the model was loaded by init") }
        return model
    }

    private static func convert(_ golden: String, names: [String], to folder: URL) throws {
        let source = Golden.folders[0].appendingPathComponent(golden)
        let conversion = try ModelConversion(Checkpoint.open(source.appendingPathComponent("model.safetensors").path))
        let settings = try JSONDecoder().decode(
            Preprocessing.self, from: Data(contentsOf: source.appendingPathComponent("preprocessing.json")))
        try conversion.write(to: folder, headNames: names.compactMap { SpaceName($0) }, preprocessing: settings)
    }
}
