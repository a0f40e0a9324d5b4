// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ContrastiveTraining
internal import Foundation
internal import Kernels
internal import Networks
internal import Tensors

/// Training steps a second on ready-made views, without augmentation.
struct TrainingBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "training",
        abstract: "Images a second through whole training steps: keys, queries, gradients, update.")

    @Option(help: "Output channels of the stem.")
    var width = 32

    @Option(help: "Side of the images.")
    var size = 64

    @Option(help: "Images a step.")
    var batch = 128

    @Option(help: "Batch-norm groups.")
    var groups = 4

    @Option(help: "Heads: one more than factors.")
    var heads = 4

    @Option(help: "Rows of each queue.")
    var queue = 1024

    @Option(help: "Threads.")
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: "Seconds to measure.")
    var seconds = 5.0

    @Flag(help: "LooC++: stage 4 in every head.")
    var plusPlus = false

    func run() throws {
        var random = SplitMix(state: 1)
        let specification = NetworkSpecification(width: width, heads: heads, isPlusPlus: plusPlus)
        let weights = specification.initialWeights(using: &random)
        let queues = (0..<heads).map { _ in KeyQueue(length: queue, dimensions: 128, random: &random) }
        let pool = ComputePool(threads: threads)
        var settings = StepSettings()
        (settings.batch, settings.groups, settings.queueLength) = (batch, groups, queue)
        let engine = StepEngine(
            try TrainingState(starting: weights, queues: queues), settings: settings, inputSize: size, pool: pool)
        let count = size * size * 3
        let views = FloatStorage(count: (heads + 1) * batch * count)
        for index in 0..<views.buffer.count { views.buffer[index] = Float.random(in: -2...2, using: &random) }
        let step = StepEngine.Batch(
            images: Array(0..<Int32(batch)), keyOrders: Array(repeating: Array(0..<batch), count: heads))
        var done = 0
        var losses: [Double] = []
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(seconds) || done < 3 {
            let result = try engine.run(step, rate: 0.03) { [batch] view, image, out in
                out.update(from: views.buffer.baseAddress! + (view * batch + image) * count, count: count)
            }
            losses.append(result.loss)
            done += 1
        }
        let elapsed = ContinuousClock.now - start
        let spent = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
        let work = engine.keyEncoder.multiplyAdds * (heads + 3)
        let rate = Double(done * batch) / spent
        print(
            String(
                format: "%.1f images/s on %d threads, %.0f GFLOP/s; losses %.4f %.4f %.4f", rate, threads,
                rate * Double(work) * 2e-9, losses[0], losses[1], losses[2]))
    }

    /// Steele, Lea and Flood's generator: ready-made views need no better.
    struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }
}
