// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Checkpoints
internal import EmbeddingPipeline
internal import Foundation
internal import Kernels
internal import ModelFolders
internal import Networks
internal import Tensors
internal import Vectors

/// `facet pack`: a model folder of half the size, checked to give the same vectors.
struct PackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pack",
        abstract: "Copy a model folder with its weights in half precision, for keeping and sending.",
        discussion: """
            Everything in model.json comes along but for the training's state. Both models embed the same 64 made-up images; \
            the copy stays only if every vector of every space keeps a cosine of 0.9999 or more. Collections are bound to the \
            bytes of a checkpoint: one made with the original does not take the copy.

              facet pack models/mine models/mine-half
            """)

    @Argument(help: "The model folder.", completion: .directory)
    var input: String

    @Argument(help: "The folder to make.", completion: .directory)
    var output: String

    func run() throws {
        let (source, target) = (URL(fileURLWithPath: input), URL(fileURLWithPath: output))
        guard !FileManager.default.fileExists(atPath: target.appendingPathComponent(ModelFolder.weightsFile).path)
        else {
            throw ValidationError("\(output) holds a model already; name another folder.")
        }
        let pool = ComputePool(threads: ProcessInfo.processInfo.activeProcessorCount)
        let original = try EmbeddingModel(loading: source, pool: pool)
        try write(original, from: try ModelFolder(opening: source).checkpoint, to: target)
        let worst: Double
        do {
            worst = try Self.compare(original, EmbeddingModel(loading: target, pool: pool), pool)
            guard worst >= PlanComparison.leastCosine else {
                throw ValidationError(
                    "Half precision changes this model's vectors: a cosine of \(worst). Nothing was kept.")
            }
        } catch {
            try? FileManager.default.removeItem(at: target)
            throw error
        }
        let bytes = try FileManager.default.attributesOfItem(
            atPath: target.appendingPathComponent(ModelFolder.weightsFile).path)[.size]
        print("\(output): \(bytes ?? 0) bytes; the least cosine between old and new vectors is \(worst)")
    }

    private func write(_ original: EmbeddingModel, from checkpoint: Checkpoint, to target: URL) throws {
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        var tensors: [String: Tensor] = [:]
        for entry in checkpoint.entries { tensors[entry.name] = try checkpoint.tensor(entry.name) }
        var manifest = original.manifest
        var training = manifest.training ?? [:]
        training["packed_from"] = .text(original.digest.description)
        manifest.training = training
        try SafetensorsWriter.write(
            tensors, to: target.appendingPathComponent(ModelFolder.weightsFile).path, metadata: checkpoint.metadata,
            precision: .float16)
        try ModelFolder.write(manifest, to: target)
    }

    private static func compare(_ a: EmbeddingModel, _ b: EmbeddingModel, _ pool: ComputePool) throws -> Double {
        let images = 64
        var bar = ProgressBar(total: images, unit: "images compared")
        defer { bar.finish() }
        return try PlanComparison.leastCosine(a.plan, b.plan, images: images, pool: pool) { bar.move(to: $0) }
    }
}
