// SPDX-License-Identifier: Apache-2.0

internal import Kernels
package import Networks
package import Tensors

/// Everything that a training step changes.
package struct TrainingState: Sendable {
    package let architecture: Architecture
    package let layout: ParameterLayout
    package let statistics: ParameterLayout
    /// The query encoder's weights, which are the result.
    package let query: FloatStorage
    /// The momentum encoder's weights.
    package let key: FloatStorage
    /// The optimiser's velocity.
    package let velocity: FloatStorage
    /// Running means and variances of the query encoder.
    package let running: FloatStorage
    /// One queue a space.
    package var queues: [KeyQueue]

    /// A state with both encoders at `weights` and the given queues.
    ///
    /// - Throws: ``NetworkError``, or what reading a tensor throws.
    package init(starting weights: some WeightSource, queues: [KeyQueue]) throws {
        architecture = try Architecture(reading: weights)
        precondition(
            queues.count == architecture.heads.count, "\(queues.count) queues, \(architecture.heads.count) heads")
        layout = architecture.trainableParameters
        statistics = architecture.runningStatistics
        query = layout.makeBuffer()
        key = layout.makeBuffer()
        velocity = layout.makeBuffer()
        running = statistics.makeBuffer()
        self.queues = queues
        try layout.fill(query, from: weights)
        try layout.fill(key, from: weights)
        try statistics.fill(running, from: weights)
    }

    /// The trained network: the query encoder's weights and running statistics under canonical names.
    package var network: [String: Tensor] {
        layout.tensors(in: query).merging(statistics.tensors(in: running)) { first, _ in first }
    }

    /// Whether every weight is a finite number.
    package var isFinite: Bool {
        query.buffer.allSatisfy(\.isFinite) && running.buffer.allSatisfy(\.isFinite)
    }
}
