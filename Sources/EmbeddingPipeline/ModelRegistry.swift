// SPDX-License-Identifier: Apache-2.0

package import Foundation
private import Glibc
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
    /// What all of them multiply in.
    package let precision: Precision
    private let pool: ComputePool
    private let models = Mutex<[ModelID: Entry]>([:])

    private struct Entry: Sendable {
        let model: EmbeddingModel
        let stamp: FolderStamp
    }

    package init(folder: URL, defaultID: ModelID, precision: Precision = .single, pool: ComputePool) {
        self.precision = precision
        self.folder = folder
        self.defaultID = defaultID
        self.pool = pool
    }

    /// Loads the model called `id`, replacing the one that was loaded under that name once the new one works.
    @discardableResult
    package func load(_ id: ModelID) throws -> EmbeddingModel {
        let url = folder.appendingPathComponent(id.text)
        let stamp = FolderStamp(url)
        let model = try EmbeddingModel(loading: url, precision: precision, pool: pool)
        models.withLock { $0[id] = Entry(model: model, stamp: stamp) }
        return model
    }

    /// Forgets the model called `id`; whoever is using it keeps it until they are done.
    package func unload(_ id: ModelID) {
        models.withLock { $0[id] = nil }
    }

    /// Loads again what has changed on disk since it was loaded; a model that does not load any more goes on serving.
    ///
    /// - Returns: what was tried, by name.
    package func reloadChanged() -> [(id: ModelID, result: Result<EmbeddingModel, any Error>)] {
        let changed = models.withLock { entries in
            entries.filter { $0.value.stamp != FolderStamp(folder.appendingPathComponent($0.key.text)) }.keys
                .sorted { $0.text < $1.text }
        }
        return changed.map { id in (id, Result { try load(id) }) }
    }

    /// The loaded model called `id`.
    package subscript(id: ModelID) -> EmbeddingModel? { models.withLock { $0[id]?.model } }

    /// The model for requests that name none.
    package var defaultModel: EmbeddingModel? { self[defaultID] }

    /// Every loaded model, by name.
    package var loaded: [EmbeddingModel] {
        models.withLock { $0.values.map(\.model).sorted { $0.id.text < $1.id.text } }
    }

    /// Names of the models in the folder, loaded or not.
    package var available: [ModelID] { ModelFolder.list(in: folder) }
}

/// Which files a folder holds, told without reading them: a replaced or changed one has another number or time.
private struct FolderStamp: Sendable, Equatable {
    private let facts: [[Int]]

    init(_ folder: URL) {
        facts = [ModelFolder.weightsFile, ModelFolder.manifestFile].map { name in
            var status = stat()
            guard stat(folder.appendingPathComponent(name).path, &status) == 0 else { return [] }
            let (modified, changed) = (status.st_mtim, status.st_ctim)
            return [
                Int(status.st_ino), Int(status.st_size), modified.tv_sec, modified.tv_nsec, changed.tv_sec,
                changed.tv_nsec,
            ]
        }
    }
}
