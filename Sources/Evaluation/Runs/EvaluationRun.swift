// SPDX-License-Identifier: Apache-2.0

package import ContrastiveTraining
package import Kernels
internal import Preprocessing
internal import Synchronization

/// Runs every protocol on every representation of the subjects.
///
/// Deterministic in the data, the models and the seed; the number of threads changes nothing but the time.
package final class EvaluationRun: Sendable {
    let data: TrainingData
    let subjects: [Subject]
    let settings: EvaluationSettings
    let pool: ComputePool
    let extractor: FeatureExtractor
    let tasks: [EvaluationTask]
    /// A number for each image's group of variants.
    let groups: [Int]
    let stop: @Sendable () -> Bool
    private let meter: WorkMeter

    /// How far an evaluation has come, in units of about one embedded image.
    package struct Progress: Sendable {
        package let done: Int
        package let total: Int
        package let stage: String
    }

    /// A run over `data`; all subjects should read images of one size.
    ///
    /// - Throws: ``EvaluationError/nothingToDo(_:)`` when the data has no task.
    package init(
        data: TrainingData, subjects: [Subject], settings: EvaluationSettings, pool: ComputePool,
        stop: @escaping @Sendable () -> Bool = { false }, progress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) throws {
        self.data = data
        self.subjects = subjects
        self.settings = settings
        self.pool = pool
        self.stop = stop
        guard let first = subjects.first else { throw EvaluationError.nothingToDo("no model was named") }
        var choices = TaskBuilder.Settings(size: first.preprocessing.size, seed: settings.seed)
        choices.augmentation = settings.augmentation
        let builder = TaskBuilder(cache: data.cache, settings: choices)
        (tasks, groups) = (builder.all(), builder.groups)
        guard !tasks.isEmpty else {
            throw EvaluationError.nothingToDo("the folder needs images in both halves, in folders that name classes")
        }
        let meter = WorkMeter(
            total: Self.work(
                tasks, images: data.cache.count, test: data.heldOut.count,
                spaces: subjects.reduce(0) { $0 + $1.spaces.count },
                settings), report: progress)
        self.meter = meter
        extractor = try FeatureExtractor(
            cache: data.cache, subjects: subjects, augmentation: settings.augmentation, pool: pool,
            tick: { meter.add($0) })
    }

    /// Runs everything in order, for minutes to hours, on the calling thread and the pool.
    ///
    /// - Throws: ``EvaluationError/cancelled``, ``ProtocolError``.
    package func run(command: String) throws -> EvaluationOutcome {
        let clock = ContinuousClock.now
        var results = EvaluationResults(
            conditions: .init(
                command: command, seed: settings.seed, dataDigest: data.digest, trainImages: data.training.count,
                testImages: data.heldOut.count, threads: pool.threads))
        results.subjects = subjects.map(\.note)
        results.tasks = tasks.map(\.summary)
        var rows = RowScores()
        stage("features of the plain images")
        let plain = try PlainFeatures(extractor, stop: stop)
        for task in tasks where task.kind == .classification {
            stage("task \(task.name)")
            let probes = try classify(task, plain, &results, &rows)
            if task.name == "coarse", !settings.isQuick {
                stage("corruptions")
                try corrupt(task, probes, &results, &rows)
            }
        }
        for task in tasks where task.kind == .instanceRetrieval {
            stage("task \(task.name)")
            try retrieve(task, &results)
        }
        stage("invariance profile")
        try profile(plain, &results)
        results.claims = ClaimJudge(results: results, rows: rows, subjects: subjects).claims()
        let elapsed = ContinuousClock.now - clock
        results.conditions.seconds = Double(elapsed.components.seconds)
        return EvaluationOutcome(results: results, plain: plain)
    }

    func stage(_ name: String) { meter.enter(name) }

    func add(work: Int) { meter.add(work) }

    /// What fitting a probe counts as, in embedded images.
    static let probeWork = 400

    private static func work(
        _ tasks: [EvaluationTask], images: Int, test: Int, spaces: Int, _ settings: EvaluationSettings
    ) -> Int {
        var total = images
        for task in tasks {
            if !task.isPlain { total += task.items.count }
            if task.kind == .classification { total += probeWork * spaces }
        }
        if !settings.isQuick, let coarse = tasks.first(where: { $0.name == "coarse" }) {
            total += coarse.items(of: .test).count * settings.corruptions.count * settings.severities.count
            total += probeWork * spaces * tasks.count { $0.isByLabel }
        }
        return total + ProfilePlan(settings: settings, test: test).items
    }
}

/// What a run gives: the numbers, and the features of the plain images for pictures and maps.
package struct EvaluationOutcome: Sendable {
    package var results: EvaluationResults
    package let plain: PlainFeatures
}

/// The features of every image as serving would embed it.
package struct PlainFeatures: Sendable {
    let tables: FeatureExtractor.Tables

    init(_ extractor: FeatureExtractor, stop: () -> Bool) throws {
        let items = extractor.cache.entries.indices.map {
            EvaluationTask.Item(image: $0, label: 0, split: extractor.cache.entries[$0].split, group: $0)
        }
        tables = try extractor.tables(of: items, stop: stop)
    }

    /// The rows of `items`, none of which is transformed, with their labels and groups.
    func tables(of items: [EvaluationTask.Item]) -> FeatureExtractor.Tables {
        let (places, labels, groups) = (items.map(\.image), items.map(\.label), items.map(\.group))
        return tables.map { spaces in
            spaces.map { $0.rows(places).relabelled(labels, groups: groups) }
        }
    }
}

/// The score of every test row, for paired comparisons.
struct RowScores {
    struct Key: Hashable {
        let subject: String
        let space: String
        let task: String
        let measure: String
    }

    struct Column {
        let values: [Double]
        let groups: [Int]?
    }

    private var columns: [Key: Column] = [:]

    subscript(_ subject: String, _ space: String, _ task: String, _ measure: String) -> Column? {
        get { columns[Key(subject: subject, space: space, task: task, measure: measure)] }
        set { columns[Key(subject: subject, space: space, task: task, measure: measure)] = newValue }
    }
}

/// Adds up work done and tells whoever shows it.
private final class WorkMeter: Sendable {
    private let total: Int
    private let report: @Sendable (EvaluationRun.Progress) -> Void
    private let state = Mutex((done: 0, stage: ""))

    init(total: Int, report: @escaping @Sendable (EvaluationRun.Progress) -> Void) {
        self.total = total
        self.report = report
    }

    func add(_ count: Int) {
        let (done, stage) = state.withLock { state in
            state.done += count
            return state
        }
        report(.init(done: min(done, total), total: total, stage: stage))
    }

    func enter(_ stage: String) {
        state.withLock { $0.stage = stage }
        add(0)
    }
}

extension EvaluationTask {
    /// Whether the network sees every picture as it is.
    var isPlain: Bool { items.allSatisfy { $0.transformation == .none && $0.corruption == nil } }

    /// Whether its labels are about the content, so that few-shot and retrieval by label make sense.
    var isByLabel: Bool { name == "coarse" || name == "fine" }

    var summary: EvaluationResults.TaskNote {
        .init(
            name: name, note: note, classes: classes, trainItems: items(of: .train).count,
            testItems: items(of: .test).count)
    }
}

extension Subject {
    /// The space that stands for the subject.
    package var principal: Space { spaces.first(where: \.isPrincipal) ?? spaces[0] }

    var note: EvaluationResults.SubjectNote {
        .init(
            name: name, spaces: spaces.map(\.name), principal: principal.name,
            facts: facts.map { [$0.name, $0.value] })
    }
}
