// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import EmbeddingPipeline
internal import Foundation
internal import Kernels
internal import Networks
internal import Tensors

/// Where a forward pass spends its time.
struct LayersBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layers", abstract: "Milliseconds and GFLOP/s of every step of a forward pass.")

    @Option(help: "A model folder.")
    var model = "models/facet-small"

    @Option(help: "What is multiplied in: single or half.")
    var precision = "single"

    @Option(help: "Images in the pass.")
    var batch = 1

    @Option(help: "Threads.")
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: "Passes; medians are shown.")
    var repeats = 15

    func run() throws {
        let pool = ComputePool(threads: threads)
        let precision = try InferenceBench.precision(named: precision)
        let plan = try EmbeddingModel(loading: URL(fileURLWithPath: model), precision: precision, pool: pool).plan
        guard (1...plan.imagesPerPass).contains(batch), repeats > 0 else {
            throw ValidationError("a pass takes 1 to \(plan.imagesPerPass) images, and at least one repeat")
        }
        let size = plan.inputSize
        let values = (0..<(batch * size * size * 3)).map { Float($0 % 251) / 125 - 1 }
        let steps = plan.profile(Tensor(values, shape: [batch, size, size, 3]), repeats: repeats, pool: pool)
        let total = steps.reduce(0) { $0 + milliseconds($1.time) }
        for step in steps {
            let time = milliseconds(step.time)
            let rate = step.multiplyAdds == 0 ? "" : String(format: "%8.1f", Double(step.multiplyAdds) * 2e-6 / time)
            print(String(format: "%8.3f ms %5.1f%%  ", time, time / total * 100) + rate + "  " + step.name)
        }
        print(String(format: "%8.3f ms in all, %d threads, batch %d", total, threads, batch))
    }

    private func milliseconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) * 1000 + Double(duration.components.attoseconds) * 1e-15
    }
}
