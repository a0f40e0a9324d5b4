// SPDX-License-Identifier: Apache-2.0

package import Foundation
internal import ModelFolders

/// Where a run keeps its files: the model folder it makes, and `training/` inside it.
package struct RunFolder: Sendable {
    /// The model folder: `model.safetensors` and `model.json` appear here.
    package let model: URL

    package init(_ model: URL) {
        self.model = model.standardizedFileURL
    }

    package var training: URL { model.appendingPathComponent("training") }
    /// What `--resume` goes on from.
    package var state: StateFile { StateFile(training.appendingPathComponent("state.safetensors")) }
    /// One JSON object a line.
    package var log: URL { training.appendingPathComponent("log.jsonl") }
    package var report: URL { training.appendingPathComponent("report.html") }

    /// The file that a new run here would replace, of an earlier run or a model that came from elsewhere; nil where there is none.
    package var occupant: String? {
        if state.exists { return state.url.path }
        let weights = model.appendingPathComponent(ModelFolder.weightsFile).path
        return FileManager.default.fileExists(atPath: weights) ? weights : nil
    }

    /// Makes the folders.
    ///
    /// - Throws: ``TrainingError/cannotWrite(path:reason:)``.
    package func create() throws(TrainingError) {
        do {
            try FileManager.default.createDirectory(at: training, withIntermediateDirectories: true)
        } catch {
            throw .cannotWrite(path: training.path, reason: error.localizedDescription)
        }
    }
}
