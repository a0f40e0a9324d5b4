// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import ContrastiveTraining
import Foundation
import Kernels
import ModelFolders
import Networks
import TestSupport
import Testing
import Vectors

/// Whole runs on the golden images, with a network of width 4 at 32 pixels: 3 epochs of 2 steps.
@Suite("A training run")
struct TrainerTests {
    /// A folder for one test's run, removed afterwards.
    final class Place {
        let url: URL
        let pool = ComputePool(threads: 2)

        init() throws {
            url = FileManager.default.temporaryDirectory.appendingPathComponent("facet-train-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(at: url) }

        func data() throws -> TrainingData {
            try TrainingData(
                Golden.folders[0].appendingPathComponent("images"), size: 32,
                cache: url.appendingPathComponent("cache"), pool: pool)
        }

        func trainer(
            _ name: String, resumes: Bool = false, threads: Int? = nil, from start: String? = nil,
            _ change: (inout TrainingConfiguration) -> Void = { _ in }
        ) throws -> Trainer {
            var configuration = TrainerTests.configuration
            change(&configuration)
            var pace = Trainer.Pace()
            (pace.stepsPerRecord, pace.heldOutChecks) = (2, 3)
            return try Trainer(
                configuration, data: try data(), folder: RunFolder(url.appendingPathComponent(name)), resumes: resumes,
                pool: threads.map { ComputePool(threads: $0) } ?? pool,
                start: try start.map { try StartingModel(url.appendingPathComponent($0)) }, pace: pace)
        }

        func bytes(_ path: String) throws -> Data { try Data(contentsOf: url.appendingPathComponent(path)) }
    }

    static let configuration = {
        var configuration = TrainingConfiguration(recipe: .looc)
        (configuration.width, configuration.size, configuration.projection) = (4, 32, 16)
        (configuration.step.batch, configuration.step.groups, configuration.step.queueLength) = (8, 2, 16)
        configuration.schedule.epochs = 3
        return configuration
    }()

    @Test("A run that stops and goes on ends with the bits of one that does not, on any number of threads")
    func resumes() throws {
        let place = try Place()
        let whole = try place.trainer("whole")
        #expect(whole.totalSteps == 6)
        #expect(try whole.run() == .finished)
        for stop in [1, 4] {
            let first = try place.trainer("parts\(stop)", threads: 1)
            #expect(try first.run(stop: { first.steps == stop }) == .interrupted)
            let second = try place.trainer("parts\(stop)", resumes: true, threads: 3)
            #expect(second.steps == stop)
            #expect(try second.run() == .finished)
            let name = "parts\(stop)/model.safetensors"
            #expect(try place.bytes(name) == place.bytes("whole/model.safetensors"))
        }
        let other = try place.trainer("other") { $0.seed = 2 }
        _ = try other.run()
        #expect(try place.bytes("other/model.safetensors") != place.bytes("whole/model.safetensors"))
    }

    @Test(
        "Every recipe makes a model folder that can be served, and says where it comes from", arguments: Recipe.allCases
    )
    func recipes(recipe: Recipe) throws {
        let place = try Place()
        let trainer = try place.trainer("made") {
            $0.recipe = recipe
            $0.factors = recipe.defaultFactors
            $0.schedule.epochs = 1
        }
        _ = try trainer.run()
        let folder = try ModelFolder(opening: trainer.folder.model)
        let plan = try InferencePlan(weights: CheckpointWeights(folder.checkpoint), inputSize: 32)
        let names = folder.manifest.heads.map(\.name.text)
        #expect(names == ["invariant"] + (recipe.hasFactorHeads ? ["color", "rotation", "texture"] : []))
        #expect(plan.architecture.isPlusPlus == (recipe == .loocpp))
        #expect(folder.manifest.training?["recipe"] == .text(recipe.rawValue))
        #expect(folder.manifest.training?["steps"] == .number(2))
        #expect(folder.manifest.curves?["loss"]?.isEmpty == false)
    }

    @Test("The log goes on where the state does, without lines that were lost")
    func log() throws {
        let place = try Place()
        let first = try place.trainer("run")
        _ = try first.run(stop: { first.steps == 4 })
        let path = first.folder.log.path
        let torn = try String(contentsOfFile: path, encoding: .utf8) + "{\"step\": 5, \"lo"
        try torn.write(toFile: path, atomically: true, encoding: .utf8)
        let second = try place.trainer("run", resumes: true)
        _ = try second.run()
        let records = try TrainingLog.read(path)
        #expect(records.map(\.step) == [2, 4, 6])
        #expect(records.allSatisfy { $0.loss.isFinite && $0.heldOut?.images ?? 0 > 0 && $0.memory > 0 })
        #expect(records[2].samples == 48 && records[2].epoch == 3)
    }

    @Test("What cannot be resumed or would be overwritten is refused with what to do")
    func refusals() throws {
        let place = try Place()
        #expect(throws: TrainingError.self) { try place.trainer("nothing", resumes: true) }
        let trainer = try place.trainer("run")
        _ = try trainer.run(stop: { trainer.steps == 1 })
        #expect(throws: TrainingError.alreadyStarted(path: trainer.folder.state.url.path)) { try place.trainer("run") }
        do {
            _ = try place.trainer("run", resumes: true) { $0.step.temperature = 0.5 }
            Issue.record("another temperature was accepted")
        } catch TrainingError.otherConfiguration(let differences) {
            #expect(differences.count == 1 && differences[0].contains("temperature"))
        }
        // A model without the state of its training, as one that was packed or came from elsewhere.
        try FileManager.default.removeItem(at: trainer.folder.state.url)
        let weights = trainer.folder.model.appendingPathComponent("model.safetensors")
        try Data().write(to: weights)
        #expect(throws: TrainingError.alreadyStarted(path: weights.path)) { try place.trainer("run") }
        #expect(try Data(contentsOf: weights).isEmpty)
        #expect(throws: TrainingError.tooFewImages(found: try place.data().training.count, needed: 64)) {
            try place.trainer("other") { $0.step.batch = 64 }
        }
    }

    @Test("A run that starts from a model begins with its weights, says so, and resumes only with the same model")
    func startsFrom() throws {
        let place = try Place()
        let before = try place.trainer("before")
        _ = try before.run()
        // At a rate next to nothing the weights stay what they were at the start.
        let still = try place.trainer("still", from: "before") {
            ($0.schedule.base, $0.seed) = (1e-30, 9)
        }
        _ = try still.run(stop: { still.steps == 4 })
        let names = try ModelFolder(opening: still.folder.model).checkpoint.entries.map(\.name)
        let weights = try [before, still].map {
            CheckpointWeights(try ModelFolder(opening: $0.folder.model).checkpoint)
        }
        for name in names where !name.contains("running") && !name.contains("num_batches") {
            let pair = try weights.map { try $0.withFloats(name) { Array($0) } }
            #expect(pair[0] == pair[1], "\(name)")
        }
        let facts = try ModelFolder(opening: still.folder.model).manifest.training
        #expect(facts?["started_from"] == .text("before") && facts?["earlier_epochs"] == .number(3))
        let change = { (configuration: inout TrainingConfiguration) in
            (configuration.schedule.base, configuration.seed) = (1e-30, 9)
        }
        #expect(throws: TrainingError.self) { try place.trainer("still", resumes: true, change) }
        let second = try place.trainer("still", resumes: true, from: "before", change)
        #expect(try second.run() == .finished)
        #expect(try ModelFolder(opening: second.folder.model).manifest.training?["earlier_epochs"] == .number(3))
        let third = try place.trainer("third", from: "still")
        _ = try third.run(stop: { third.steps == 1 })
        #expect(try ModelFolder(opening: third.folder.model).manifest.training?["earlier_epochs"] == .number(6))
    }

    @Test("A model of another shape or with other heads is no start, with what to choose")
    func unfitStarts() throws {
        let place = try Place()
        _ = try place.trainer("before").run()
        for change: (inout TrainingConfiguration) -> Void in [
            { $0.width = 8 }, { $0.projection = 8 }, { $0.recipe = .loocpp },
            { $0.factors = [.color, .texture, .rotation] }, { $0.factors = [.color] },
        ] {
            do {
                _ = try place.trainer("other", from: "before", change)
                Issue.record("an unfit model was taken")
            } catch TrainingError.cannotStart(_, let reason) {
                #expect(reason.contains("--width"))
            }
        }
        #expect(throws: TrainingError.self) { try place.trainer("other", from: "nowhere") }
    }

    @Test("Weights that explode are never saved: the last good checkpoint stays")
    func divergence() throws {
        let place = try Place()
        let trainer = try place.trainer("run") { $0.schedule.base = 1e37 }
        do {
            _ = try trainer.run()
            Issue.record("a learning rate of 1e37 went through")
        } catch let error as TrainingError {
            switch error {
            case .diverged, .brokenWeights: break
            default: Issue.record("\(error)")
            }
        }
        #expect(!trainer.folder.state.exists)
    }

    @Test("A damaged state is refused, never a crash")
    func damagedState() throws {
        let place = try Place()
        let trainer = try place.trainer("run")
        _ = try trainer.run(stop: { trainer.steps == 1 })
        let url = trainer.folder.state.url
        let bytes = try Data(contentsOf: url)
        var random = SeededGenerator(seed: 4)
        for round in 0..<60 {
            var broken = bytes
            if round % 2 == 0 {
                broken = bytes.prefix(Int.random(in: 0..<bytes.count, using: &random))
            } else {
                for _ in 0..<8 {
                    broken[Int.random(in: 0..<20_000, using: &random)] = .random(in: 0...255, using: &random)
                }
            }
            try broken.write(to: url)
            do {
                _ = try trainer.folder.state.read()
            } catch {
                guard case .badState = error else {
                    Issue.record("\(error)")
                    continue
                }
            }
        }
    }
}

@Suite("A run's configuration")
struct TrainingConfigurationTests {
    @Test("Its text reads back, also when it is older than some settings")
    func text() throws {
        var configuration = TrainerTests.configuration
        configuration.augmentation.hue = 0.25
        configuration.seed = .max
        #expect(try TrainingConfiguration(text: configuration.text) == configuration)
        let older = configuration.text.replacingOccurrences(of: "\"skipsOwnImage\":true,", with: "")
        #expect(older != configuration.text)
        #expect(try TrainingConfiguration(text: older) == configuration)
        #expect(throws: (any Error).self) { try TrainingConfiguration(text: "{\"recipe\":\"none\"}") }
    }

    @Test("The schedules start, warm up and end as they should")
    func schedules() {
        var schedule = Schedule()
        (schedule.epochs, schedule.base) = (100, 1)
        #expect(schedule.rate(at: 0) == 1 && abs(schedule.rate(at: 50) - 0.5) < 1e-9 && schedule.rate(at: 100) < 1e-9)
        schedule.warmup = 10
        #expect(schedule.rate(at: 0) == 0 && abs(schedule.rate(at: 5) - 0.5 * 0.5 * (1 + cos(.pi * 0.05))) < 1e-9)
        schedule.shape = .step
        #expect(schedule.rate(at: 59) == 1 && schedule.rate(at: 60) == 0.1 && schedule.rate(at: 80) == 0.01)
    }
}
