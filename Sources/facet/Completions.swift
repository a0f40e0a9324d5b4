// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation
internal import ModelFolders

/// What the shell offers after an option whose values are known only when it is asked.
enum Completions {
    /// The folders of models in `models/`.
    static let models = CompletionKind.custom { (_: [String], _: Int, _: String) in modelNames(in: Defaults.models) }

    /// The names of the model folders in `folder`, sorted.
    static func modelNames(in folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { FileManager.default.fileExists(atPath: "\(folder)/\($0)/\(ModelFolder.manifestFile)") }
            .sorted()
    }
}
