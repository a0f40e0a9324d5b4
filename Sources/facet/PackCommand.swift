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

    /// The least cosine between a vector and its copy's.
    private static let leastCosine = 0.9999

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
            guard worst >= Self.leastCosine else {
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

    /// The least cosine of all outputs of both on images of blurred noise, from dark to light.
    private static func compare(_ a: EmbeddingModel, _ b: EmbeddingModel, _ pool: ComputePool) throws -> Double {
        let images = 64
        let size = a.plan.inputSize
        var state: UInt64 = 20_210_504
        func noise() -> Float {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / Float(1 << 23) - 1
        }
        var values = [Float](repeating: 0, count: images * size * size * 3)
        for image in 0..<images {
            let level = Float(image) / Float(images) * 4 - 2
            var (red, green, blue): (Float, Float, Float) = (0, 0, 0)
            for pixel in 0..<size * size {
                (red, green, blue) = (0.9 * red + noise(), 0.9 * green + noise(), 0.9 * blue + noise())
                let at = (image * size * size + pixel) * 3
                (values[at], values[at + 1], values[at + 2]) = (level + red / 2, level + green / 2, level + blue / 2)
            }
        }
        let outputs = a.plan.architecture.outputs
        var bar = ProgressBar(total: images, unit: "images compared")
        defer { bar.finish() }
        var worst = 1.0
        let (pixels, share) = (size * size * 3, 8)
        for first in stride(from: 0, to: images, by: share) {
            let part = Array(values[first * pixels..<(first + share) * pixels])
            let batch = Tensor(part, shape: [share, size, size, 3])
            let left = try a.plan.run(batch, outputs: outputs, pool: pool)
            let right = try b.plan.run(batch, outputs: outputs, pool: pool)
            for output in outputs {
                guard let one = left[output]?.values, let two = right[output]?.values else { continue }
                let width = one.count / share
                for row in 0..<share {
                    let range = row * width..<(row + 1) * width
                    worst = min(worst, cosine(one[range], two[range]))
                }
            }
            bar.move(to: first + share)
        }
        return worst
    }

    private static func cosine(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
        var (dot, one, two) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a, b) {
            dot += Double(x) * Double(y)
            one += Double(x) * Double(x)
            two += Double(y) * Double(y)
        }
        return dot / (one * two).squareRoot()
    }
}
