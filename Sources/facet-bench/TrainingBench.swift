// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Checkpoints
internal import ContrastiveTraining
internal import Foundation
internal import Kernels
internal import Networks
internal import Tensors

/// Training steps a second on ready-made views, without augmentation.
struct TrainingBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "training",
        abstract: "Images a second through whole training steps: keys, queries, gradients, update.",
        discussion: """
            With --input the step of that file is run (weights, views, queues; Tests/Benchmarks/training/pytorch_step.py
            writes it), so that a peer can run the same one; the losses of the first three steps are printed for comparison.
            Without it, a network of random weights sees random views. Augmentation is not part of either.
            """)

    @Option(help: "A step to run, as safetensors.")
    var input: String?

    @Option(help: "Output channels of the stem, without --input.")
    var width = 32

    @Option(help: "Side of the images, without --input.")
    var size = 64

    @Option(help: "Images a step, without --input.")
    var batch = 128

    @Option(help: "Batch-norm groups.")
    var groups = 4

    @Option(help: "Heads, one more than factors, without --input.")
    var heads = 4

    @Option(help: "Rows of each queue, without --input.")
    var queue = 1024

    @Option(help: "Threads.")
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: "Seconds to measure, after three steps that are not counted.")
    var seconds = 5.0

    @Flag(help: "LooC++, stage 4 in every head, without --input.")
    var plusPlus = false

    @Flag(help: "Write JSON, one line.")
    var json = false

    func run() throws {
        let example = try input.map(TrainingExample.init(reading:)) ?? randomExample()
        var settings = StepSettings()
        (settings.batch, settings.groups, settings.queueLength) = (
            example.batch.images.count, groups, example.queueLength
        )
        guard groups > 0, settings.batch % groups == 0 else {
            throw ValidationError("a batch of \(settings.batch) cannot be cut into \(groups) groups")
        }
        let engine = StepEngine(
            example.state, settings: settings, inputSize: example.size, pool: ComputePool(threads: threads))
        var losses: [Double] = []
        for _ in 0..<3 { losses.append(try example.step(engine).loss) }
        let (start, memory) = (ContinuousClock.now, resident)
        var steps = 0
        while ContinuousClock.now - start < .seconds(seconds) {
            _ = try example.step(engine)
            steps += 1
        }
        let elapsed = ContinuousClock.now - start
        let spent = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
        report(engine, rate: Double(steps * settings.batch) / spent, losses, growth: resident - memory)
    }

    private func report(_ engine: StepEngine, rate: Double, _ losses: [Double], growth: Int) {
        let keys = engine.state.architecture.heads.count
        let work = rate * Double(engine.keyEncoder.multiplyAdds * (keys + 3)) * 2e-9
        if json {
            let list = losses.map { "\($0)" }.joined(separator: ",")
            print(
                "{\"samples_per_second\":\(rate),\"losses\":[\(list)],\"threads\":\(threads),\"gflops\":\(work),"
                    + "\"memory_growth_bytes\":\(growth)}")
            return
        }
        print(
            String(
                format: "%.1f images/s on %d threads, %.0f GFLOP/s; memory grew by %.1f MB", rate, threads, work,
                Double(growth) / 1e6))
        print("losses of the first steps: " + losses.map { String(format: "%.5f", $0) }.joined(separator: " "))
    }

    private var resident: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .ascii)) ?? ""
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    private func randomExample() throws -> TrainingExample {
        var random = RandomStream(seed: 1)
        let specification = NetworkSpecification(width: width, heads: heads, isPlusPlus: plusPlus)
        let weights = specification.initialWeights(using: &random)
        let queues = (0..<heads).map { _ in KeyQueue(length: queue, dimensions: 128, random: &random) }
        let views = (0...heads).map { _ in
            (0..<batch * size * size * 3).map { _ in Float.random(in: -2...2, using: &random) }
        }
        return TrainingExample(
            state: try TrainingState(starting: weights, queues: queues), size: size, views: views,
            batch: .init(
                images: Array(0..<Int32(batch)), keyOrders: Array(repeating: Array(0..<batch), count: heads)))
    }
}
