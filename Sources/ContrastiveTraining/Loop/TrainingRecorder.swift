// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ModelFolders
internal import Tensors
internal import Vectors

/// Turns steps into log records, and records into what is told of a run: warnings, provenance, curves.
final class TrainingRecorder {
    private let configuration: TrainingConfiguration
    private let log: TrainingLog
    private let stepsPerEpoch: Int
    private let every: Int
    private var detector = CollapseDetector()
    private var window: [StepEngine.Result] = []
    private var windowStart: Double
    private(set) var records: [TrainingRecord]
    private(set) var warnings: [String] = []

    /// A recorder that goes on after `steps` steps and `seconds` seconds.
    init(
        _ configuration: TrainingConfiguration, folder: RunFolder, steps: Int, seconds: Double, stepsPerEpoch: Int,
        every: Int
    ) throws {
        self.configuration = configuration
        self.stepsPerEpoch = stepsPerEpoch
        self.every = every
        log = try TrainingLog(path: folder.log.path, step: steps)
        records = log.earlier
        windowStart = seconds
    }

    var latest: TrainingRecord? { records.last }
    /// The last held-out check.
    var heldOut: HeldOutResult? { records.last { $0.heldOut != nil }?.heldOut }

    /// What a record needs beside the step's own result.
    struct Moment {
        let steps: Int
        let rate: Double
        let seconds: Double
        let queues: [KeyQueue]
    }

    /// Takes in a step; writes a record every so many steps, and whenever there was a held-out check.
    ///
    /// - Throws: ``TrainingError/cannotWrite(path:reason:)``.
    func add(_ result: StepEngine.Result, _ moment: Moment, heldOut: HeldOutResult?) throws(TrainingError) {
        window.append(result)
        guard moment.steps % every == 0 || heldOut != nil else { return }
        let statistics = moment.queues.map {
            EmbeddingStatistics(vectors: UnsafeBufferPointer($0.rows.buffer), dimensions: $0.dimensions)
        }
        let record = summary(moment, statistics, heldOut)
        watch(record, moment, statistics)
        try log.append(record)
        records.append(record)
        window = []
        windowStart = moment.seconds
    }

    /// Makes the log safe before the checkpoint that it leads up to.
    func synchronise() throws(TrainingError) { try log.synchronise() }

    private func summary(
        _ moment: Moment, _ statistics: [EmbeddingStatistics], _ heldOut: HeldOutResult?
    ) -> TrainingRecord {
        let count = Double(window.count)
        func mean(_ value: (StepEngine.Result) -> Double) -> Double { window.reduce(0) { $0 + value($1) } / count }
        func bySpace(_ value: (Int) -> Double) -> [String: Double] {
            let names = configuration.headNames.map(\.text)
            return Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, value($0)) })
        }
        let batch = configuration.step.batch
        return TrainingRecord(
            step: moment.steps, epoch: Double(moment.steps) / Double(stepsPerEpoch), samples: moment.steps * batch,
            loss: mean(\.loss), spaceLosses: bySpace { space in mean { $0.losses[space] } },
            accuracy: configuration.keyed.isEmpty ? [:] : bySpace { space in mean { $0.sameImageAccuracy[space] } },
            queueAccuracy: bySpace { space in mean { $0.queueAccuracy[space] } }, learningRate: moment.rate,
            samplesPerSecond: count * Double(batch) / max(1e-9, moment.seconds - windowStart),
            renderShare: mean(\.renderSeconds) / max(1e-9, mean(\.taskSeconds)),
            effectiveRank: bySpace { statistics[$0].effectiveRank },
            embeddingSpread: bySpace { statistics[$0].spread }, time: moment.seconds,
            memory: ProcessMemory.resident, heldOut: heldOut)
    }

    private func watch(_ record: TrainingRecord, _ moment: Moment, _ statistics: [EmbeddingStatistics]) {
        var spaces: [String: CollapseDetector.SpaceHealth] = [:]
        let others = configuration.keyed.count
        for (index, name) in configuration.headNames.map(\.text).enumerated() {
            spaces[name] = .init(
                statistics: statistics[index], loss: record.spaceLosses[name] ?? .nan,
                negatives: moment.queues[index].length + (index == 0 ? 0 : others))
        }
        if case .warning(let text) = detector.observe(step: moment.steps, spaces: spaces) { warnings.append(text) }
    }

    // MARK: For the model folder

    /// Where the weights come from, for `model.json`.
    func provenance(_ moment: Moment, data: TrainingData) -> [String: JSONScalar] {
        var facts: [String: JSONScalar] = [
            "recipe": .text(configuration.recipe.rawValue),
            "factors": .text(configuration.factors.map(\.rawValue).joined(separator: ",")),
            "seed": .number(Double(configuration.seed)), "data_digest": .text(configuration.dataDigest),
            "training_images": .number(Double(data.training.count)),
            "held_out_images": .number(Double(data.heldOut.count)), "steps": .number(Double(moment.steps)),
            "epochs": .number(Double(moment.steps) / Double(stepsPerEpoch)),
            "planned_epochs": .number(Double(configuration.schedule.epochs)),
            "samples": .number(Double(moment.steps * configuration.step.batch)),
            "seconds": .number(moment.seconds.rounded()), "configuration": .text(configuration.text),
        ]
        if let latest { facts["loss"] = .number(latest.loss) }
        for space in heldOut?.spaces ?? [] {
            for factor in heldOut?.factors ?? [] {
                if let value = heldOut?[space, factor] { facts["held_out.\(space).\(factor)"] = .number(value) }
            }
        }
        return facts
    }

    /// At most `points` records of the run, as curves for `model.json`.
    func curves(points: Int = 40) -> [String: [Double]] {
        let step = max(1, (records.count + points - 1) / points)
        let chosen = stride(from: step - 1, to: records.count, by: step).map { records[$0] }
        func rounded(_ value: Double) -> Double { value.isFinite ? (value * 10_000).rounded() / 10_000 : 0 }
        var curves = ["epoch": chosen.map { rounded($0.epoch) }, "loss": chosen.map { rounded($0.loss) }]
        for space in configuration.headNames.map(\.text) {
            curves["loss.\(space)"] = chosen.map { rounded($0.spaceLosses[space] ?? 0) }
            if !configuration.keyed.isEmpty {
                curves["accuracy.\(space)"] = chosen.map { rounded($0.accuracy[space] ?? 0) }
            }
        }
        return curves
    }
}

/// The process's memory.
enum ProcessMemory {
    /// Resident bytes, from the kernel's own count; 0 where it tells none.
    static var resident: Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .ascii) else { return 0 }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
