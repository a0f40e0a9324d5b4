// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import Kernels
internal import ModelFolders
internal import Networks

/// Trains one model from a folder of images: steps, log, checkpoints, report.
///
/// The state on disk is always that of a whole step. A run that is killed goes on from its last checkpoint and computes the
/// lost steps again with the same bits. Not for use from several threads.
package final class Trainer {
    package let configuration: TrainingConfiguration
    package let folder: RunFolder
    package let source: TrainingData
    package private(set) var steps: Int
    private let engine: StepEngine
    private let batches: BatchSource
    private let pool: ComputePool
    private let recorder: TrainingRecorder
    private let rhythm: Pace
    private let reports: ReportWriter
    private let earlierSeconds: Double
    private let start: StartingModel?
    private let started = ContinuousClock.now
    private var order: (epoch: Int, images: [Int]) = (-1, [])

    /// How often things happen beside training.
    package struct Pace: Sendable {
        /// Steps a log record.
        package var stepsPerRecord = 20
        package var checkpointSeconds = 300.0
        /// Times the held-out check runs over the whole run.
        package var heldOutChecks = 20

        package init() {}
    }

    /// Starts a run, from random weights or from those of `start`, or goes on with the one in `folder`.
    ///
    /// - Throws: ``TrainingError`` when there is nothing to resume, something to overwrite, or too little data.
    package init(
        _ configuration: TrainingConfiguration, data: TrainingData, folder: RunFolder, resumes: Bool, pool: ComputePool,
        start: StartingModel? = nil, pace: Pace = Pace(), command: String = ""
    ) throws {
        var configuration = configuration
        configuration.startDigest = start?.digest ?? ""
        guard data.training.count >= configuration.step.batch else {
            throw TrainingError.tooFewImages(found: data.training.count, needed: configuration.step.batch)
        }
        let state: TrainingState
        if resumes {
            guard folder.state.exists else { throw TrainingError.nothingToResume(path: folder.state.url.path) }
            let saved = try folder.state.read()
            guard saved.configuration == configuration else {
                throw TrainingError.otherConfiguration(differences: saved.configuration.differences(to: configuration))
            }
            (state, steps, earlierSeconds) = (saved.state, saved.steps, saved.seconds)
        } else {
            if let path = folder.occupant { throw TrainingError.alreadyStarted(path: path) }
            (state, steps, earlierSeconds) = (try Self.begin(configuration, from: start), 0, 0)
        }
        try folder.create()
        self.configuration = configuration
        self.folder = folder
        self.start = start
        source = data
        self.pool = pool
        rhythm = pace
        reports = ReportWriter(configuration: configuration, folder: folder, command: command)
        batches = try BatchSource(configuration, cache: data.cache, images: data.training)
        engine = StepEngine(state, settings: configuration.step, inputSize: configuration.size, pool: pool)
        recorder = try TrainingRecorder(
            configuration, folder: folder, steps: steps, seconds: earlierSeconds, stepsPerEpoch: batches.stepsPerEpoch,
            every: pace.stepsPerRecord)
    }

    private static func begin(
        _ configuration: TrainingConfiguration, from start: StartingModel?
    ) throws -> TrainingState {
        let queues = configuration.headNames.indices.map { space in
            var random = RandomStream(seed: configuration.seed, BatchSource.Purpose.queues.rawValue, UInt64(space))
            return KeyQueue(
                length: configuration.step.queueLength, dimensions: configuration.projection, random: &random)
        }
        if let start { return try TrainingState(starting: start.weights(for: configuration), queues: queues) }
        var random = RandomStream(seed: configuration.seed, BatchSource.Purpose.weights.rawValue)
        return try TrainingState(starting: configuration.network.initialWeights(using: &random), queues: queues)
    }

    /// Steps of the whole run.
    package var totalSteps: Int { configuration.schedule.epochs * batches.stepsPerEpoch }

    /// How a run ended.
    package var warnings: [String] { recorder.warnings }

    package enum Outcome: Sendable {
        case finished
        case interrupted
    }

    /// Trains until the end or until `stop` says so after a step; `progress` is called after every step.
    ///
    /// Both ways everything is saved and the model folder can be served.
    package func run(stop: () -> Bool = { false }, progress: (TrainingProgress) -> Void = { _ in }) throws -> Outcome {
        var lastSaved = ContinuousClock.now
        let start = (steps: steps, seconds: seconds)
        while steps < totalSteps {
            let result = try step()
            let heldOut = steps == totalSteps || isCheckTime ? try checkHeldOut() : nil
            try recorder.add(result, moment, heldOut: heldOut)
            progress(.init(steps: steps, total: totalSteps, latest: recorder.latest, pace: pace(since: start)))
            if stop() {
                try save()
                return steps == totalSteps ? .finished : .interrupted
            }
            if ContinuousClock.now - lastSaved > .seconds(rhythm.checkpointSeconds) {
                try save()
                lastSaved = .now
            }
        }
        try save()
        return .finished
    }

    private var seconds: Double {
        let spent = ContinuousClock.now - started
        return earlierSeconds + Double(spent.components.seconds) + Double(spent.components.attoseconds) * 1e-18
    }

    private func pace(since start: (steps: Int, seconds: Double)) -> Double {
        Double(steps - start.steps) / max(1e-9, seconds - start.seconds)
    }

    private var rate: Double {
        configuration.schedule.rate(at: Double(steps) / Double(batches.stepsPerEpoch))
    }

    private func step() throws -> StepEngine.Result {
        let epoch = steps / batches.stepsPerEpoch
        if order.epoch != epoch { order = (epoch, batches.order(epoch: epoch)) }
        let views = batches.views(step: steps, epoch: epoch, order: order.images)
        let batches = batches
        let result = try engine.run(views.batch, rate: rate) { view, image, out in
            batches.render(views, view: view, image: image, into: out)
        }
        steps += 1
        return result
    }

    // MARK: Beside the steps

    private var isCheckTime: Bool {
        let every = max(1, totalSteps / max(1, rhythm.heldOutChecks))
        return rhythm.heldOutChecks > 0 && steps % every == 0
    }

    private func checkHeldOut() throws -> HeldOutResult? {
        guard !source.heldOut.isEmpty else { return nil }
        return try HeldOutCheck(configuration, cache: source.cache, images: source.heldOut)
            .measure(engine.state, pool: pool)
    }

    private var moment: TrainingRecorder.Moment {
        .init(steps: steps, rate: rate, seconds: seconds, queues: engine.state.queues)
    }

    private var provenance: [String: JSONScalar] {
        recorder.provenance(moment, data: source).merging(start?.provenance ?? [:]) { made, _ in made }
    }

    /// Writes the state, the model folder and the report.
    private func save() throws(TrainingError) {
        guard engine.state.isFinite else { throw .brokenWeights(step: steps) }
        try recorder.synchronise()
        do {
            try folder.state.write(engine.state, configuration: configuration, steps: steps, seconds: seconds)
        } catch {
            throw .cannotWrite(path: folder.state.url.path, reason: "\(error)")
        }
        try ModelPublisher(configuration: configuration, folder: folder)
            .publish(
                engine.state, training: provenance, curves: recorder.curves())
        try reports.write(recorder, data: source, totalSteps: totalSteps)
    }
}
