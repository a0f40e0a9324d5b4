// SPDX-License-Identifier: Apache-2.0

package import Foundation
package import Kernels
internal import ModelFolders
package import Vectors
private import Synchronization

/// The models that are loaded, by name.
///
/// Safe from any thread; loading happens outside the lock.
package final class ModelRegistry: Sendable {
    /// The folder that holds a folder a model.
    package let folder: URL
    /// The model that a request without `model` gets.
    package let defaultID: ModelID
    private let pool: ComputePool
    private let models = Mutex<[ModelID: EmbeddingModel]>([:])

    package init(folder: URL, defaultID: ModelID, pool: ComputePool) {
        self.folder = folder
        self.defaultID = defaultID
        self.pool = pool
    }

    /// Loads the model called `id`, replacing the one that was loaded under that name once the new one works.
    @discardableResult
    package func load(_ id: ModelID) throws -> EmbeddingModel {
        let model = try EmbeddingModel(loading: folder.appendingPathComponent(id.text), pool: pool)
        models.withLock { $0[id] = model }
        return model
    }

    /// The loaded model called `id`.
    package subscript(id: ModelID) -> EmbeddingModel? { models.withLock { $0[id] } }

    /// The model for requests that name none.
    package var defaultModel: EmbeddingModel? { self[defaultID] }

    /// Every loaded model, by name.
    package var loaded: [EmbeddingModel] {
        models.withLock { $0.values.sorted { $0.id.text < $1.id.text } }
    }

    /// Names of the models in the folder, loaded or not.
    package var available: [ModelID] { ModelFolder.list(in: folder) }
}
