// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Catalog
internal import EmbeddingPipeline
internal import Foundation
internal import Kernels
internal import ModelFolders
internal import Vectors

/// Which model embeds, into which of its spaces, on how many threads.
struct ModelOptions: ParsableArguments {
    @Option(
        help:
            "A model's name in --models, or the path of a model folder. (default: the collection's, else \(Defaults.model))",
        completion: Completions.models)
    var model: String?

    @Option(help: "Folder that holds a folder for each model. (default: models)", completion: .directory)
    var models: String?

    @Option(help: "Spaces, separated by commas. (default: the collection's, else all heads)")
    var spaces: String?

    @Option(help: "Threads that compute. (default: the number of cores)")
    var threads: Int?

    func pool(_ settings: Settings) throws -> ComputePool {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        return ComputePool(threads: try settings.number("threads", threads, default: cores, in: 1...512))
    }

    /// Loads the model that was named, else the collection's, else the default one.
    func load(_ settings: Settings, for record: CollectionRecord?, pool: ComputePool) throws -> EmbeddingModel {
        try Self.load(named: model, in: models, settings, for: record, pool: pool)
    }

    /// Loads the model `name`, else the collection's, else the default one; a path is a folder, a name is in `models`.
    static func load(
        named name: String?, in models: String?, _ settings: Settings, for record: CollectionRecord?, pool: ComputePool
    ) throws -> EmbeddingModel {
        let name = settings.text("model", name) ?? record?.definition.model.text ?? Defaults.model
        let direct = URL(fileURLWithPath: name)
        let manifest = direct.appendingPathComponent(ModelFolder.manifestFile)
        let isPath = name.contains("/") || FileManager.default.fileExists(atPath: manifest.path)
        let folder = URL(fileURLWithPath: settings.text("models", models, default: Defaults.models))
        return try EmbeddingModel(loading: isPath ? direct : folder.appendingPathComponent(name), pool: pool)
    }

    /// The spaces that were named, else those called `usual`, else all heads, else the backbone.
    func choose(
        from model: EmbeddingModel, _ settings: Settings, usual: [SpaceName]?
    ) throws -> [ModelManifest.Space] {
        let names: [String]
        if let text = settings.text("spaces", spaces) {
            names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        } else if let usual {
            names = usual.map(\.text)
        } else {
            let heads = model.manifest.heads
            return heads.isEmpty ? Array(model.manifest.spaces.prefix(1)) : heads
        }
        return try names.map { name in
            guard let space = SpaceName(name).flatMap(model.manifest.space) else {
                let known = model.manifest.spaces.map(\.name.text).joined(separator: ",")
                throw CatalogRefusal(
                    "The model \(model.id) has no space '\(name)'. Choose out of its spaces with --spaces: \(known).")
            }
            return space
        }
    }
}

extension ModelManifest.Space {
    /// The space as a collection keeps it.
    var ofCollection: CollectionSpace { CollectionSpace(name: name, dimensions: dimensions) }
}
