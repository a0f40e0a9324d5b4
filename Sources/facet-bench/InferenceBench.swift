// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import EmbeddingPipeline
internal import Foundation
internal import Kernels
internal import ModelFolders
internal import Networks
internal import Tensors
internal import Vectors

/// Forward passes a second, without decoding.
struct InferenceBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inference",
        abstract: "Images a second through the network alone.",
        discussion: """
            Before timing, a batch is checked against the same images one at a time: the bits must be equal.
            With --input (little-endian float32, [n, size, size, 3]) the vectors of those images are written to --output,
            for a peer to compare.
            """)

    @Option(help: "A model folder.")
    var model = "models/facet-small"

    @Option(help: "Batch sizes, with commas.")
    var batch = "1,8,32"

    @Option(help: "Threads.")
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: "What is multiplied in: single or half.")
    var precision = "single"

    @Option(help: "Seconds for each batch size.")
    var seconds = 3.0

    @Option(help: "Outputs to compute of the backbone and the heads, in this order; all without.")
    var outputs: Int?

    @Option(help: "Raw float32 images to embed.")
    var input: String?

    @Option(help: "Where their vectors go: each image's outputs side by side, raw float32.")
    var output: String?

    @Flag(help: "Write JSON, one line.")
    var json = false

    func run() throws {
        let pool = ComputePool(threads: threads)
        let start = ContinuousClock.now
        let precision = try Self.precision(named: precision)
        let loaded = try EmbeddingModel(loading: URL(fileURLWithPath: model), precision: precision, pool: pool)
        let loading = milliseconds(ContinuousClock.now - start)
        let plan = loaded.plan
        try checkBits(plan, pool)
        if let input { try embed(plan, pool, input) }
        var rates: [(batch: Int, rate: Rate)] = []
        for size in batch.split(separator: ",").compactMap({ Int($0) }) {
            rates.append((size, rate(plan, pool, batch: size)))
        }
        if json {
            let medians = rates.map { "\"\($0.batch)\":\($0.rate.median)" }.joined(separator: ",")
            let best = rates.map { "\"\($0.batch)\":\($0.rate.best)" }.joined(separator: ",")
            print(
                "{\"threads\":\(threads),\"load_ms\":\(loading),\"images_per_second\":{\(medians)},"
                    + "\"best_images_per_second\":{\(best)}}")
            return
        }
        print(
            "\(model): \(plan.architecture.name) width \(plan.architecture.width) at \(plan.inputSize), "
                + "\(plan.multiplyAdds / 1_000_000) million multiply-adds, \(plan.instructions.rawValue), \(threads) threads"
        )
        print("load to first forward pass: \(loading) ms; a batch has the same bits as its images alone")
        for (size, rate) in rates {
            print(String(format: "batch %3d: %8.1f images/s, %8.1f at best", size, rate.median, rate.best))
        }
    }

    static func precision(named name: String) throws -> Precision {
        guard let precision = Precision(rawValue: name), precision.isAvailable else {
            throw ValidationError("this machine has \(Precision.available.map(\.rawValue).joined(separator: " and "))")
        }
        return precision
    }

    /// A batch of three must give what each image gives alone.
    private func checkBits(_ plan: InferencePlan, _ pool: ComputePool) throws {
        let outputs = plan.architecture.outputs
        let images = Self.images(3, plan.inputSize)
        let together = try plan.run(images, outputs: outputs, pool: pool)
        let count = images.count / 3
        for index in 0..<3 {
            let one = Tensor(
                Array(images.values[(index * count)..<((index + 1) * count)]),
                shape: [1, plan.inputSize, plan.inputSize, 3])
            let alone = try plan.run(one, outputs: outputs)
            for output in outputs {
                let values = alone[output]?.values ?? []
                let row = together[output]?.values[(index * values.count)..<((index + 1) * values.count)] ?? []
                guard Array(row) == values else { throw ValidationError("\(output) differs between batches") }
            }
        }
    }

    private func embed(_ plan: InferencePlan, _ pool: ComputePool, _ path: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let perImage = plan.inputSize * plan.inputSize * 3
        let values = data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        guard !values.isEmpty, values.count % perImage == 0 else {
            throw ValidationError("\(path) does not hold whole images of \(plan.inputSize)x\(plan.inputSize)")
        }
        let count = values.count / perImage
        let shape: Shape = [count, plan.inputSize, plan.inputSize, 3]
        let wanted: [NetworkOutput] = [.backbone] + plan.architecture.heads.indices.map { .projection($0) }
        let vectors = try plan.run(Tensor(values, shape: shape), outputs: wanted, pool: pool)
        var bytes = Data()
        for image in 0..<count {
            for output in wanted {
                guard let tensor = vectors[output] else { continue }
                let width = tensor.shape[1]
                tensor.values[(image * width)..<((image + 1) * width)].withUnsafeBytes { bytes.append(contentsOf: $0) }
            }
        }
        try bytes.write(to: URL(fileURLWithPath: output ?? path + ".vectors"))
    }

    /// Images a second: the median over passes, and the fastest pass, which other programs disturbed least.
    private struct Rate {
        let median: Double
        let best: Double
    }

    private func rate(_ plan: InferencePlan, _ pool: ComputePool, batch: Int) -> Rate {
        let images = Self.images(batch, plan.inputSize)
        let wanted = Array(plan.architecture.outputs.prefix(outputs ?? .max))
        let clock = ContinuousClock()
        var times: [Double] = []
        let end = clock.now + .seconds(seconds)
        while clock.now < end || times.count < 3 {
            let time = clock.measure { _ = try? plan.run(images, outputs: wanted, pool: pool) }
            times.append(Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18)
        }
        times.sort()
        return Rate(median: Double(batch) / times[times.count / 2], best: Double(batch) / times[0])
    }

    /// Smooth, different images: the same numbers on every run.
    private static func images(_ count: Int, _ size: Int) -> Tensor {
        let values = (0..<(count * size * size * 3)).map { Float(sin(Double($0) * 0.001 + Double($0 % 3))) }
        return Tensor(values, shape: [count, size, size, 3])
    }

    private func milliseconds(_ duration: Duration) -> Int {
        Int(duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000)
    }
}
