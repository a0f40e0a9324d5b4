// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import ContrastiveTraining
import Foundation
import Kernels
import Networks
import Tensors
import TestSupport
import Testing

/// One whole step against PyTorch in double precision: same weights, same views.
@Suite("A training step gives what PyTorch gives")
struct StepParityTests {
    /// A step with known weights, views and results: Fixtures/make_step.py.
    struct Example {
        let file: Checkpoint
        let keys: Int

        init(_ name: String) throws {
            let folder = Golden.root.appendingPathComponent("Tests/ContrastiveTrainingTests/Fixtures")
            file = try Checkpoint.open(folder.appendingPathComponent("step-\(name).safetensors").path)
            var keys = 0
            while file.shape(of: "views.key\(keys)") != nil { keys += 1 }
            self.keys = keys
        }

        func values(_ name: String) throws -> [Float] { try file.withFloats(name) { Array($0) } }

        func weights(_ prefix: String = "") -> TensorWeights {
            var tensors: [String: Tensor] = [:]
            for entry in file.entries where entry.name.hasPrefix(prefix) {
                let name = String(entry.name.dropFirst(prefix.count))
                guard name.hasPrefix("backbone.") || name.hasPrefix("heads.") else { continue }
                guard !name.hasSuffix("num_batches_tracked") else { continue }
                tensors[name] = try? file.tensor(entry.name)
            }
            return TensorWeights(tensors)
        }

        func state() throws -> TrainingState {
            let queues = try (0..<keys).map { space in
                KeyQueue(
                    values: try values("queue.\(space)"),
                    images: try values("queue_ids.\(space)").map { Int32($0) }, next: 20,
                    dimensions: try #require(file.shape(of: "queue.\(space)"))[1])
            }
            let state = try TrainingState(starting: weights(), queues: queues)
            try state.layout.fill(state.key, from: weights("key."))
            try state.layout.fill(state.velocity, from: weights("momentum."))
            return state
        }

        func engine(_ pool: ComputePool, _ change: (inout StepSettings) -> Void = { _ in }) throws -> StepEngine {
            var settings = StepSettings()
            (settings.batch, settings.groups, settings.queueLength) = (8, 2, 24)
            change(&settings)
            let size = try #require(file.shape(of: "views.query"))[1]
            return StepEngine(try state(), settings: settings, inputSize: size, pool: pool)
        }

        func run(_ engine: StepEngine) throws -> StepEngine.Result {
            let views = try [values("views.query")] + (0..<keys).map { try values("views.key\($0)") }
            let orders = try (0..<keys).map { try values("order.key\($0)").map { Int($0) } }
            let masks = try (0..<keys).map { try values("shared.\($0)").map { $0 != 0 } }
            let batch = StepEngine.Batch(
                images: try values("ids").map { Int32($0) }, keyOrders: orders, shared: masks)
            let count = views[0].count / 8
            return try engine.run(batch, rate: 0.03) { view, image, out in
                for i in 0..<count { out[i] = views[view][image * count + i] }
            }
        }
    }

    static let names = ["looc", "loocpp", "moco", "bottleneck"]

    @Test("Losses, with each way of choosing negatives", arguments: names)
    func losses(name: String) throws {
        let example = try Example(name)
        let pool = ComputePool(threads: 2)
        let cases: [(String, (inout StepSettings) -> Void)] = [
            ("losses", { _ in }), ("losses.unmasked", { $0.skipsOwnImage = false }),
            ("losses.shared", { $0.skipsSharedFactors = true }),
        ]
        for (key, change) in cases {
            let result = try example.run(example.engine(pool, change))
            let expected = try example.values(key)
            for (found, wanted) in zip(result.losses, expected) {
                #expect(abs(found - Double(wanted)) < 2e-5 * Double(wanted), "\(key)")
            }
            #expect(result.losses.count == expected.count)
        }
    }

    @Test("Every gradient, and everything a step changes", arguments: names)
    func step(name: String) throws {
        let example = try Example(name)
        let engine = try example.engine(ComputePool(threads: 2))
        _ = try example.run(engine)
        let state = engine.state
        try compare(engine.lastGradients, example.weights("grad."), "gradient", tolerance: 1e-3)
        try compare(
            state.layout.tensors(in: state.velocity), example.weights("momentum_after."), "velocity", tolerance: 1e-3)
        try compare(state.layout.tensors(in: state.query), example.weights("after."), "weight", tolerance: 1e-4)
        try compare(state.layout.tensors(in: state.key), example.weights("key_after."), "key weight", tolerance: 1e-6)
        try compare(
            state.statistics.tensors(in: state.running), example.weights("after."), "statistic", tolerance: 1e-5)
        for space in 0..<example.keys {
            close(
                Array(state.queues[space].rows.buffer), try example.values("queue_after.\(space)"), "queue \(space)",
                tolerance: 1e-4)
            let images = try example.values("queue_ids_after.\(space)").map { Int32($0) }
            #expect(state.queues[space].images == images)
        }
    }

    @Test("A step has the same bits on any number of threads", arguments: names)
    func threads(name: String) throws {
        let example = try Example(name)
        let states = try [1, 2, 5].map { threads in
            let engine = try example.engine(ComputePool(threads: threads))
            _ = try example.run(engine)
            return Array(engine.state.query.buffer) + Array(engine.state.running.buffer)
        }
        #expect(states[0] == states[1] && states[0] == states[2])
    }

    private func compare(
        _ found: [String: Tensor], _ expected: TensorWeights, _ what: String, tolerance: Float
    ) throws {
        for (name, tensor) in found {
            let wanted = try #require(expected.tensors[name], "no \(what) of \(name) in the fixture")
            close(tensor.values, wanted.values, "\(what) of \(name)", tolerance: tolerance)
        }
        #expect(!found.isEmpty)
    }

    /// Relative to the tensor's largest number.
    private func close(_ found: [Float], _ wanted: [Float], _ what: String, tolerance: Float) {
        let scale = max(1e-5, wanted.map(abs).max() ?? 0)
        let worst = zip(found, wanted).map { abs($0 - $1) }.max() ?? 0
        #expect(found.count == wanted.count && worst <= tolerance * scale, "\(what): off by \(worst) of \(scale)")
    }
}
