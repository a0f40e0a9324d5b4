// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import EmbeddingPipeline
internal import Foundation
internal import Kernels
internal import Networks
internal import Tensors

/// What a plan costs, in numbers that are the same on every run.
struct CountsBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "counts",
        abstract: "Bytes and operations of a model's plan; runs forward passes for a counter to watch.",
        discussion: """
            Tests/Benchmarks/counts runs this with few and with many passes under its allocation counter; the
            difference is what a pass allocates.
            """)

    @Option(help: "A model folder.")
    var model = "models/facet-small"

    @Option(help: "Images in a pass.")
    var batch = 1

    @Option(help: "Forward passes to run.")
    var passes = 0

    @Option(help: "Threads.")
    var threads = 1

    func run() throws {
        guard batch > 0, passes >= 0, threads > 0 else {
            throw ValidationError("at least one image and thread, and no negative number of passes")
        }
        let pool = ComputePool(threads: threads)
        let plan = try EmbeddingModel(loading: URL(fileURLWithPath: model), pool: pool).plan
        let size = plan.inputSize
        let values = (0..<(batch * size * size * 3)).map { Float($0 % 251) / 125 - 1 }
        let images = Tensor(values, shape: [batch, size, size, 3])
        for _ in 0..<passes { _ = try plan.run(images, outputs: plan.architecture.outputs, pool: pool) }
        let counts = [
            "weight_bytes": plan.weightBytes, "multiply_adds": plan.multiplyAdds,
            "images_per_pass": plan.imagesPerPass, "parameters": plan.architecture.parameterCount,
        ]
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        print(String(decoding: try encoder.encode(counts), as: UTF8.self))
    }
}
