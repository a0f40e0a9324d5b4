// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ContrastiveTraining
internal import Evaluation
internal import Foundation
internal import Kernels
internal import Preprocessing
internal import Synchronization

/// `facet evaluate`: what the spaces of some models know and ignore, as a report.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure what the spaces of models know and what they ignore.",
        usage: "facet evaluate --models NAMES --data FOLDER [FLAGS]",
        discussion: """
            Linear probes, kNN, few-shot, retrieval, corruptions and the invariance profile, for every space of every \
            model, beside the pixels and a random network; one self-contained HTML page. The claims of the method are put \
            to the test where looc, moco and moco-all are among the models. The first model is the one whose neighbours and \
            maps are drawn.

              facet evaluate --models looc,moco,moco-all --data data
              facet evaluate --models mine --data photos --quick --write-profile

            Folders in the data name the classes: category/sub-category/picture.png. A fifth of the pictures, chosen by their \
            bytes, is the test half; training leaves the same ones out.
            """)

    @Option(help: "Models with commas: folders, or names of folders in models/.", completion: Completions.models)
    var models: String

    @Option(help: "Folder of images, or one that deploy/fetch-data made.", completion: .directory)
    var data: String

    @Option(help: "The page to write.", completion: .file())
    var report = "report.html"

    @Option(help: "Write all numbers as JSON, too.", completion: .file())
    var json: String?

    @Option(
        help: "Write features and labels of the tasks on plain images to this safetensors file.", completion: .file())
    var export: String?

    @Flag(help: "Leave out few-shot draws and corruptions.")
    var quick = false

    @Flag(help: "Leave out the pixels and the random network.")
    var noBaselines = false

    @Flag(help: "Write the measured invariance of the models' spaces into their model.json.")
    var writeProfile = false

    @Option(help: "Draws of the few-shot protocol.")
    var draws = 10

    @Option(help: "Test images that the invariance profile is measured on, at most.")
    var profileImages = 1_000

    @Option(help: "Seed of everything that is drawn.")
    var seed: UInt64 = 0

    @Option(help: "Threads. (default: the number of cores)")
    var threads: Int?

    func validate() throws {
        guard draws > 1, profileImages > 1, threads ?? 1 > 0 else {
            throw ValidationError("--draws and --profile-images must be above 1, and --threads above 0.")
        }
    }

    func run() throws {
        let pool = ComputePool(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
        let stop = StopSignal()
        let flag = stop.flag
        let subjects = try loadSubjects(pool)
        let data = try loadData(subjects[0], pool, stop)
        var settings = EvaluationSettings()
        (settings.seed, settings.draws, settings.isQuick) = (seed, draws, quick)
        settings.profileImages = profileImages
        if let law = subjects.lazy.compactMap(\.augmentation).first { settings.augmentation = law }
        let bar = SharedBar()
        do {
            let run = try EvaluationRun(
                data: data, subjects: subjects, settings: settings, pool: pool, stop: { flag.isRaised },
                progress: { bar.show($0) })
            let outcome = try run.run(command: CommandLine.arguments.joined(separator: " "))
            bar.finish()
            try write(outcome, run: run, subjects, data, pool)
        } catch EvaluationError.cancelled {
            bar.finish()
            say("stopped; nothing was written")
            throw ExitCode(130)
        } catch {
            bar.finish()
            throw error
        }
    }

    private func loadSubjects(_ pool: ComputePool) throws -> [Subject] {
        let names = models.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        guard !names.isEmpty, Set(names).count == names.count else {
            throw ValidationError("--models needs names with commas, each once, such as looc,moco.")
        }
        var subjects = try names.map { try Subject(model: folder(of: $0), pool: pool) }
        let first = subjects[0]
        for other in subjects where other.preprocessing.size != first.preprocessing.size {
            throw ValidationError(
                "\(other.name) reads \(other.preprocessing.size) pixels and \(first.name) \(first.preprocessing.size); "
                    + "compare models of one input size.")
        }
        guard !noBaselines else { return subjects }
        if let random = try Subject(randomLike: first, seed: seed, pool: pool) { subjects.insert(random, at: 0) }
        subjects.insert(Subject(pixelsLike: first), at: 0)
        return subjects
    }

    private func folder(of name: String) -> URL {
        let isFolder = FileManager.default.fileExists(atPath: name + "/model.json")
        return URL(fileURLWithPath: isFolder ? name : "models/" + name)
    }

    private func loadData(_ subject: Subject, _ pool: ComputePool, _ stop: StopSignal) throws -> TrainingData {
        var bar: ProgressBar?
        let data = try TrainingData(
            URL(fileURLWithPath: data), size: subject.preprocessing.size, pool: pool,
            progress: { progress in
                if bar == nil { bar = ProgressBar(total: progress.total, unit: "images decoded") }
                bar?.move(to: progress.done, failed: progress.failed)
            }, isCancelled: { stop.isRaised })
        bar?.finish()
        if let failure = data.failures.first {
            say("left out \(data.failures.count) files, the first: \(failure.path): \(failure.reason)")
        }
        return data
    }

    private func write(
        _ outcome: EvaluationOutcome, run: EvaluationRun, _ subjects: [Subject], _ data: TrainingData,
        _ pool: ComputePool
    ) throws {
        let page = try EvaluationReport(outcome, cache: data.cache, subjects: subjects, pool: pool).html()
        try Data(page.utf8).write(to: URL(fileURLWithPath: report), options: .atomic)
        if let json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try encoder.encode(outcome.results).write(to: URL(fileURLWithPath: json), options: .atomic)
        }
        if let export { try run.export(outcome.plain, to: export) }
        if writeProfile { for subject in subjects { try outcome.results.writeProfile(of: subject) } }
        print(outcome.results.text)
        say("report: \(report)")
    }

    private func say(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}

/// A progress bar that several threads may move.
private final class SharedBar: Sendable {
    private let state = Mutex<ProgressBar?>(nil)

    func show(_ progress: EvaluationRun.Progress) {
        state.withLock { bar in
            if bar == nil { bar = ProgressBar(total: progress.total, unit: "steps", plainEvery: .seconds(20)) }
            bar?.move(to: progress.done, detail: progress.stage)
        }
    }

    func finish() { state.withLock { $0?.finish() } }
}
