// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Checkpoints
internal import ContrastiveTraining
internal import Networks
internal import Tensors

/// A training step to be run again and again: where it starts, and what it sees.
struct TrainingExample {
    let state: TrainingState
    let size: Int
    /// The query's images and each key's: n x size x size x 3.
    let views: [[Float]]
    let batch: StepEngine.Batch

    var queueLength: Int { state.queues.first?.length ?? 0 }

    init(state: TrainingState, size: Int, views: [[Float]], batch: StepEngine.Batch) {
        self.state = state
        self.size = size
        self.views = views
        self.batch = batch
    }

    /// Reads weights, `key.*`, `momentum.*`, `views.*`, `order.*`, `queue*` and `ids`; the fixtures of the parity tests
    /// have the same names.
    init(reading path: String) throws {
        let file = try Checkpoint.open(path)
        func numbers(_ name: String) throws -> [Float] { try file.withFloats(name) { Array($0) } }
        func weights(_ prefix: String) throws -> TensorWeights {
            var tensors: [String: Tensor] = [:]
            for entry in file.entries where entry.name.hasPrefix(prefix) {
                let name = String(entry.name.dropFirst(prefix.count))
                guard name.hasPrefix("backbone.") || name.hasPrefix("heads."), !name.hasSuffix("num_batches_tracked")
                else { continue }
                tensors[name] = try file.tensor(entry.name)
            }
            return TensorWeights(tensors)
        }
        guard let shape = file.shape(of: "views.query"), shape.rank == 4 else {
            throw ValidationError("\(path) has no views.query of rank 4")
        }
        var keys = 0
        while file.shape(of: "views.key\(keys)") != nil { keys += 1 }
        let queues = try (0..<keys).map { space in
            let rows = try numbers("queue_ids.\(space)").map { Int32($0) }
            let values = try numbers("queue.\(space)")
            return KeyQueue(values: values, images: rows, next: 0, dimensions: values.count / max(1, rows.count))
        }
        state = try TrainingState(starting: weights(""), queues: queues)
        try state.layout.fill(state.key, from: weights("key."))
        if file.entries.contains(where: { $0.name.hasPrefix("momentum.") }) {
            try state.layout.fill(state.velocity, from: weights("momentum."))
        }
        size = shape[1]
        views = try [numbers("views.query")] + (0..<keys).map { try numbers("views.key\($0)") }
        batch = .init(
            images: try numbers("ids").map { Int32($0) },
            keyOrders: try (0..<keys).map { try numbers("order.key\($0)").map { Int($0) } })
    }

    /// One step at rate 0.03.
    func step(_ engine: StepEngine) throws -> StepEngine.Result {
        let count = size * size * 3
        let views = views
        return try engine.run(batch, rate: 0.03) { view, image, out in
            views[view].withUnsafeBufferPointer {
                guard let base = $0.baseAddress else { return }
                out.update(from: base + image * count, count: count)
            }
        }
    }
}
