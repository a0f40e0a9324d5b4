// SPDX-License-Identifier: Apache-2.0

import ContrastiveTraining
import Evaluation
import Foundation
import Kernels
import ModelFolders
import Synchronization
import TestSupport
import Statistics
import Testing
import Vectors

/// Whole evaluations of a tiny model on painted pictures.
@Suite("An evaluation")
struct EvaluationRunTests {
    static let settings = {
        var settings = EvaluationSettings()
        (settings.draws, settings.profileImages, settings.otherViews) = (2, 12, 2)
        (settings.corruptions, settings.severities) = ([.gaussianNoise, .fog, .saturate], [1, 5])
        settings.probe.strengths = [0.1, 1e-3]
        settings.probe.regression.minimiser.maximumIterations = 30
        return settings
    }()

    /// A LooC model trained for one epoch.
    private func model(_ name: String, in folder: PaintedFolder, _ recipe: Recipe = .looc) throws -> URL {
        var configuration = TrainingConfiguration(recipe: recipe)
        (configuration.width, configuration.size, configuration.projection) = (4, PaintedFolder.side, 8)
        (configuration.step.batch, configuration.step.groups, configuration.step.queueLength) = (16, 2, 32)
        configuration.schedule.epochs = 1
        let url = folder.url.appendingPathComponent("models/\(name)")
        let trainer = try Trainer(
            configuration, data: try folder.data(), folder: RunFolder(url), resumes: false, pool: folder.pool)
        _ = try trainer.run()
        return url
    }

    @Test("Every space of every subject is measured on every task, and the page and the files hold it")
    func measuresAll() throws {
        let folder = try PaintedFolder()
        let url = try model("looc", in: folder)
        let model = try Subject(model: url, pool: folder.pool)
        let random = try #require(try Subject(randomLike: model, seed: 1, pool: folder.pool))
        let subjects = [Subject(pixelsLike: model), random, model]
        let data = try folder.data()
        let last = Mutex((done: 0, total: 0))
        let run = try EvaluationRun(
            data: data, subjects: subjects, settings: Self.settings, pool: folder.pool,
            progress: { progress in last.withLock { $0 = (progress.done, progress.total) } })
        let outcome = try run.run(command: "facet evaluate & co")
        let results = outcome.results

        #expect(subjects.map(\.name) == ["pixels", "random", "looc"])
        #expect(model.spaces.map(\.name) == ["backbone", "invariant", "color", "rotation", "texture", "concat"])
        let tasks = results.tasks.map(\.name)
        #expect(Set(["coarse", "fine", "color", "rotation", "texture", "retrieval-color"]).isSubset(of: tasks))
        for subject in subjects {
            for space in subject.spaces {
                for task in results.tasks {
                    let measure = task.classes.isEmpty ? EvaluationResults.Measure.recall1 : .probe
                    #expect(
                        results.score(subject.name, space.name, task.name, measure) != nil, "\(space.name) \(task.name)"
                    )
                }
                #expect(results.score(subject.name, space.name, "fine", .fiveShot)?.count == 2)
                #expect(results.corruptions.count { $0.subject == subject.name && $0.space == space.name } == 6)
                #expect(results.profiles.count { $0.subject == subject.name && $0.space == space.name } == 6)
            }
        }
        // The pictures differ by what pixels tell: shape, and the hue they were painted with.
        #expect(try #require(results.score("pixels", "pixels", "color", .probe)).value > 0.8)
        #expect(try #require(results.profile("pixels", "pixels", .rotation)).invariance.value < 0.9)
        let progress = last.withLock { $0 }
        #expect(progress.done == progress.total, "\(progress)")

        let coded = try JSONDecoder().decode(EvaluationResults.self, from: JSONEncoder().encode(results))
        #expect(coded == results)
        let page = try EvaluationReport(outcome, cache: data.cache, subjects: subjects, pool: folder.pool).html()
        #expect(page.contains("facet evaluate &amp; co") && page.contains("data:image/png;base64,"))
        #expect(page.contains(data.digest) && page.contains("frost") && !page.contains(">nan"))

        #expect(try results.writeProfile(of: model) == 6)
        let manifest = try ModelFolder(opening: url).manifest
        let rotation = try #require(manifest.spaces.first { $0.name.text == "rotation" })
        #expect(Set(rotation.invariance.map { Array($0.keys) } ?? []) == Set(Augmentation.allCases.map(\.rawValue)))
        #expect(Set(rotation.prediction.map { Array($0.keys) } ?? []) == ["color", "rotation", "texture"])
    }

    @Test("The same seed gives the same numbers on any number of threads, another seed other views")
    func repeats() throws {
        let folder = try PaintedFolder(perClass: 20)
        let url = try model("looc", in: folder)
        func results(threads: Int, seed: UInt64) throws -> EvaluationResults {
            let pool = ComputePool(threads: threads)
            var settings = Self.settings
            (settings.isQuick, settings.seed) = (true, seed)
            let run = try EvaluationRun(
                data: try folder.data(), subjects: [try Subject(model: url, pool: pool)], settings: settings, pool: pool
            )
            var results = try run.run(command: "").results
            (results.conditions.seconds, results.conditions.threads) = (0, 0)
            return results
        }
        let first = try results(threads: 1, seed: 0)
        #expect(try results(threads: 3, seed: 0) == first)
        #expect(try results(threads: 3, seed: 1).profiles != first.profiles)
        #expect(first.corruptions.isEmpty && first.claims.count >= 6)
    }

    @Test("A stop ends it at once, and data without classes says what is missing")
    func stops() throws {
        let folder = try PaintedFolder(perClass: 8)
        let subject = try Subject(model: try model("looc", in: folder), pool: folder.pool)
        let run = try EvaluationRun(
            data: try folder.data(), subjects: [subject], settings: Self.settings, pool: folder.pool, stop: { true })
        #expect(throws: EvaluationError.cancelled) { try run.run(command: "") }
        #expect(throws: EvaluationError.self) {
            try EvaluationRun(data: try folder.data(), subjects: [], settings: Self.settings, pool: folder.pool)
        }
    }
}
