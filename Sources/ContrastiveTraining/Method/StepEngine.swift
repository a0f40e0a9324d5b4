// SPDX-License-Identifier: Apache-2.0

package import Kernels
package import Networks
package import Tensors

/// One step of LooC after the other: keys through the momentum encoder, queries forward and back, update, enqueue.
///
/// A step is cut into tasks, one for each batch-norm group of each view. A task renders its images, runs the network on
/// one thread, and touches nothing that another writes; the groups' gradients are added in order. So a step has the
/// same bits on any number of threads. Where there are fewer tasks than threads, the layers are spread instead.
/// Not for use from several threads.
package final class StepEngine {
    package let settings: StepSettings
    package private(set) var state: TrainingState
    package let queryEncoder: Encoder
    package let keyEncoder: Encoder
    private let pool: ComputePool
    private let gradients: [FloatStorage]
    private let groupStatistics: [FloatStorage]
    private let keyVectors: KeyVectors
    private let queryRooms: WorkspacePool
    private let keyRooms: WorkspacePool

    /// Writes the image of batch position `image` as seen by a view (0 the query, 1 + j key j) to size x size x 3 floats.
    package typealias Renderer = @Sendable (_ view: Int, _ image: Int, _ out: UnsafeMutablePointer<Float>) -> Void

    /// An engine that starts at `state`; `settings.batch` must be a multiple of `settings.groups`.
    package init(_ state: TrainingState, settings: StepSettings, inputSize: Int, pool: ComputePool) {
        precondition(
            settings.groups > 0 && settings.batch % settings.groups == 0,
            "\(settings.batch) images in \(settings.groups) groups")
        self.state = state
        self.settings = settings
        self.pool = pool
        queryEncoder = Encoder(state.architecture, inputSize: inputSize, keepsGradients: true)
        keyEncoder = Encoder(state.architecture, inputSize: inputSize, keepsGradients: false)
        gradients = (0..<settings.groups).map { _ in state.layout.makeBuffer() }
        groupStatistics = (0..<settings.groups).map { _ in state.statistics.makeBuffer() }
        let heads = state.architecture.heads
        keyVectors = KeyVectors(
            spaces: heads.count, batch: settings.batch, dimensions: heads.first?.projectionDimensions ?? 0)
        let images = settings.batch / settings.groups
        queryRooms = WorkspacePool(queryEncoder, images: images)
        keyRooms = WorkspacePool(keyEncoder, images: images)
    }

    /// What one step saw.
    package struct Result: Sendable {
        /// By space.
        package var losses: [Double]
        /// Share of pairs with cos(q, k_i) > cos(q, k0), by space, k0 not sharing factor i; in space 0 over all i.
        package var sameImageAccuracy: [Double]
        /// Share of queries whose positive beats every negative, by space.
        package var queueAccuracy: [Double]
        /// Processor time of rendering and of everything, in seconds.
        package var renderSeconds: Double
        package var taskSeconds: Double

        /// The averaged n+1-term loss.
        package var loss: Double { losses.reduce(0, +) / Double(max(1, losses.count)) }
    }

    /// The batch of one step.
    package struct Batch: Sendable {
        /// Each image's number in the data set.
        package var images: [Int32]
        /// For each key, the image at each position of its batch: a permutation, so that groups do not tell pairs.
        package var keyOrders: [[Int]]
        /// By space, image and key: whether the key shares the space's factor with the query; empty when not known.
        package var shared: [[Bool]]

        package init(images: [Int32], keyOrders: [[Int]], shared: [[Bool]] = []) {
            self.images = images
            self.keyOrders = keyOrders
            self.shared = shared
        }
    }

    /// Runs one step at learning rate `rate`.
    ///
    /// The momentum encoder moves first, as in MoCo's code, then keys are encoded, then the queries learn.
    /// - Throws: ``TrainingError/diverged(loss:)`` when the loss is not finite; weights and queues are then as before the
    ///   step, but for the momentum encoder's move.
    package func run(_ batch: Batch, rate: Double, render: @escaping Renderer) throws(TrainingError) -> Result {
        let spaces = state.architecture.heads.count
        precondition(
            batch.images.count == settings.batch && batch.keyOrders.count == spaces,
            "\(batch.images.count) images, \(batch.keyOrders.count) keys")
        moveKeyEncoder()
        let clock = Tallies(spaces: spaces)
        encodeKeys(batch, render, clock)
        for queue in state.queues { queue.pack(pool: pool) }
        learn(batch, render, clock)
        let result = clock.result(queries: settings.batch)
        guard result.loss.isFinite else { throw .diverged(loss: result.loss) }
        update(rate: rate)
        enqueue(batch.images)
        return result
    }

    // MARK: Parts of a step

    private func moveKeyEncoder() {
        Optimiser.average(
            slow: state.key.buffer.baseAddress!, fast: UnsafePointer(state.query.buffer.baseAddress!),
            count: state.layout.count, momentum: settings.encoderMomentum, pool: pool)
        keyEncoder.pack(state.key, pool: pool)
        queryEncoder.pack(state.query, pool: pool)
    }

    private func encodeKeys(_ batch: Batch, _ render: @escaping Renderer, _ tallies: Tallies) {
        let (groups, encoder, rooms, vectors) = (settings.groups, keyEncoder, keyRooms, keyVectors)
        let parameters = state.key
        deal(groups * batch.keyOrders.count) { task, inner in
            let (key, group) = (task / groups, task % groups)
            let room = rooms.take()
            defer { rooms.give(room) }
            let positions = group * room.images..<(group + 1) * room.images
            let order = batch.keyOrders[key][positions]
            tallies.time(rendering: true) { Self.fill(room, order, view: 1 + key, render) }
            encoder.forward(room, parameters: parameters, pool: inner)
            for space in 0..<vectors.spaces {
                vectors.scatter(encoder.projection(space, room), key: key, space: space, to: order)
            }
        }
    }

    private func learn(_ batch: Batch, _ render: @escaping Renderer, _ tallies: Tallies) {
        let (encoder, rooms, vectors, settings) = (queryEncoder, queryRooms, keyVectors, settings)
        let (parameters, queues, gradients, statistics) = (state.query, state.queues, gradients, groupStatistics)
        let layout = state.statistics
        deal(settings.groups) { group, inner in
            let room = rooms.take()
            defer { rooms.give(room) }
            let positions = group * room.images..<(group + 1) * room.images
            tallies.time(rendering: true) { Self.fill(room, Array(positions)[...], view: 0, render) }
            encoder.forward(room, parameters: parameters, pool: inner)
            for space in queues.indices {
                let loss = SpaceLoss(
                    space: space, temperature: settings.temperature, queue: queues[space],
                    skipsOwnImage: settings.skipsOwnImage, skipsShared: settings.skipsSharedFactors,
                    scale: 1 / Float(queues.count * settings.batch))
                let keys = queues.indices.map { vectors.rows(key: $0, space: space, from: positions.lowerBound) }
                let shared = batch.shared.isEmpty ? nil : batch.shared[space]
                let width = queues.count
                let tally = loss.evaluate(
                    .init(
                        count: room.images, queries: UnsafePointer(encoder.projection(space, room).baseAddress!),
                        keys: keys, images: batch.images[positions],
                        shared: shared?[positions.lowerBound * width..<positions.upperBound * width]),
                    gradient: encoder.projectionGradient(space, room).baseAddress!)
                tallies.add(tally, space: space, group: group, groups: settings.groups)
            }
            encoder.backward(room, parameters: parameters, gradients: gradients[group], pool: inner)
            encoder.copyStatistics(room, to: statistics[group], layout)
        }
    }

    private static func fill(
        _ room: Encoder.Workspace, _ order: ArraySlice<Int>, view: Int, _ render: Renderer
    ) {
        let count = room.input.buffer.count / room.images
        for (slot, image) in order.enumerated() {
            render(view, image, room.input.buffer.baseAddress! + slot * count)
        }
    }

    /// Gives whole tasks to threads when there are enough of them, else whole threads to tasks.
    private func deal(_ count: Int, _ body: @Sendable (Int, ComputePool?) -> Void) {
        if count >= pool.threads {
            pool.run(count: count) { body($0, nil) }
        } else {
            for task in 0..<count { body(task, pool) }
        }
    }

    private func update(rate: Double) {
        let step = Optimiser.Step(
            rate: Float(rate), momentum: settings.momentum, weightDecay: settings.weightDecay, scale: 1)
        Optimiser.sgd(
            step, weights: state.query.buffer.baseAddress!, velocity: state.velocity.buffer.baseAddress!,
            gradients: gradients.map { UnsafePointer($0.buffer.baseAddress!) }, count: state.layout.count, pool: pool)
        updateRunningStatistics()
    }

    /// One update a step, momentum 0.1 as PyTorch's default, from the groups' mean.
    private func updateRunningStatistics() {
        let share = 1 / Float(groupStatistics.count)
        for index in 0..<state.statistics.count {
            var sum: Float = 0
            for group in groupStatistics { sum += group.buffer[index] }
            state.running.buffer[index] = 0.9 * state.running.buffer[index] + 0.1 * (sum * share)
        }
    }

    private func enqueue(_ images: [Int32]) {
        for space in state.queues.indices {
            let key = settings.queueContent == .positive ? space : 0
            state.queues[space].enqueue(keyVectors.rows(key: key, space: space, from: 0), images: images)
        }
    }

    /// The summed gradient of the last step under canonical names: for tests.
    package var lastGradients: [String: Tensor] {
        let sum = state.layout.makeBuffer()
        for group in gradients {
            for index in 0..<state.layout.count { sum.buffer[index] += group.buffer[index] }
        }
        return state.layout.tensors(in: sum)
    }
}
