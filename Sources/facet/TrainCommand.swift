// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ContrastiveTraining
internal import Foundation
internal import Kernels
internal import Networks

/// `facet train`: a folder of images becomes a model folder.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train an embedding on a folder of images.",
        discussion: """
            Recipes: looc (a head for every factor, one that ignores all), loocpp (the same with the last stage in every \
            head), moco (MoCo v2: colour only, one head) and moco-all (every augmentation, one head).

              deploy/fetch-data
              facet train --data data --recipe looc --out models/mine
              facet train --data photos --factors color,rotation --out models/turned
              facet train --data data --recipe looc --out models/mine --resume
              facet train --data data --start-from models/mine --out models/longer
              facet serve --model mine

            Every few minutes, on Ctrl-C and at the end the whole state is saved, and the model folder can be served; the \
            page OUT/training/report.html shows the curves. A run that is killed goes on with --resume to the same bits.
            """)

    @Option(help: "Folder of images, or one that deploy/fetch-data made.", completion: .directory)
    var data: String

    @Option(help: "looc, loocpp, moco or moco-all.")
    var recipe: Recipe = .looc

    @Option(help: "The model folder to make.", completion: .directory)
    var out: String

    @Flag(help: "Go on with the run in --out; the other flags must be as they were.")
    var resume = false

    @Option(
        help: "A model folder whose weights to start with, to train it longer or on other images.",
        completion: .directory)
    var startFrom: String?

    @OptionGroup(title: "Method")
    var method: MethodOptions

    @OptionGroup(title: "Views")
    var views: ViewOptions

    @OptionGroup(title: "Network")
    var network: NetworkOptions

    @Option(help: "Threads. (default: the number of cores)")
    var threads: Int?

    @Option(help: "Steps between two lines of the log.")
    var logEvery = 20

    @Option(help: "Minutes between two checkpoints.")
    var checkpointMinutes = 5.0

    func validate() throws {
        guard logEvery > 0, checkpointMinutes > 0, threads ?? 1 > 0 else {
            throw ValidationError("--log-every, --checkpoint-minutes and --threads must be above 0.")
        }
    }

    func run() throws {
        let pool = ComputePool(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
        let stop = StopSignal()
        let data = try loadData(pool, stop)
        var configuration = try method.configuration(recipe, trainingImages: data.training.count)
        try network.apply(to: &configuration)
        try views.apply(to: &configuration)
        configuration.dataDigest = data.digest
        var pace = Trainer.Pace()
        (pace.stepsPerRecord, pace.checkpointSeconds) = (logEvery, checkpointMinutes * 60)
        let folder = RunFolder(URL(fileURLWithPath: out))
        let trainer = try Trainer(
            configuration, data: data, folder: folder, resumes: resume, pool: pool,
            start: try startFrom.map { try StartingModel(URL(fileURLWithPath: $0)) }, pace: pace,
            command: CommandLine.arguments.joined(separator: " "))
        say(opening(trainer, data))
        try train(trainer, stop)
    }

    private func loadData(_ pool: ComputePool, _ stop: StopSignal) throws -> TrainingData {
        var bar: ProgressBar?
        let data = try TrainingData(
            URL(fileURLWithPath: data), size: network.size, pool: pool,
            progress: { progress in
                if bar == nil { bar = ProgressBar(total: progress.total, unit: "images decoded") }
                bar?.move(to: progress.done, failed: progress.failed)
            }, isCancelled: { stop.isRaised })
        bar?.finish()
        for failure in data.failures.prefix(5) { say("left out: \(failure.path): \(failure.reason)") }
        if data.failures.count > 5 { say("... and \(data.failures.count - 5) more that could not be read") }
        return data
    }

    private func opening(_ trainer: Trainer, _ data: TrainingData) -> String {
        let configuration = trainer.configuration
        let factors = configuration.factors.map(\.rawValue).joined(separator: "+")
        return
            "\(configuration.recipe.rawValue) (\(factors)) on \(data.training.count) images, \(data.heldOut.count) held "
            + "out; \(configuration.backbone.rawValue) width \(configuration.width) at \(configuration.size); "
            + "\(configuration.schedule.epochs) epochs, \(trainer.totalSteps) steps"
            + (trainer.steps > 0 ? ", \(trainer.steps) of them done" : "")
    }

    private func train(_ trainer: Trainer, _ stop: StopSignal) throws {
        var bar = ProgressBar(total: trainer.totalSteps, unit: "steps", initial: trainer.steps)
        let quiet = isatty(STDERR_FILENO) != 1
        var lastLine = ContinuousClock.now
        let outcome: Trainer.Outcome
        do {
            outcome = try trainer.run(stop: { stop.isRaised }) { progress in
                bar.move(to: progress.steps, detail: progress.text)
                guard quiet, ContinuousClock.now - lastLine > .seconds(60) else { return }
                lastLine = .now
                say("step \(progress.steps) of \(progress.total)  \(progress.text)  ETA \(progress.remaining)")
            }
        } catch {
            bar.finish()
            throw error
        }
        bar.finish()
        for warning in trainer.warnings { say("warning: \(warning)") }
        switch outcome {
        case .finished: say("done: \(trainer.folder.model.path); report: \(trainer.folder.report.path)")
        case .interrupted:
            say("stopped at step \(trainer.steps); everything is saved, go on with --resume")
            throw ExitCode(130)
        }
    }

    private func say(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}

extension Recipe: ExpressibleByArgument {}
