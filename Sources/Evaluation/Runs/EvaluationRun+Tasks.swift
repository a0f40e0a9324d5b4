// SPDX-License-Identifier: Apache-2.0

internal import ContrastiveTraining
internal import Kernels
internal import Statistics

extension EvaluationRun {
    /// The probes of a task, by subject and space.
    typealias Probes = [[LinearProbe.Report]]

    /// Runs the protocols of a classification task on every representation.
    func classify(
        _ task: EvaluationTask, _ plain: PlainFeatures, _ results: inout EvaluationResults, _ rows: inout RowScores
    ) throws -> Probes {
        let (train, test) = (task.items(of: .train), task.items(of: .test))
        let (fitted, judged) =
            task.isPlain
            ? (plain.tables(of: train), plain.tables(of: test))
            : (try extractor.tables(of: train, stop: stop), try extractor.tables(of: test, stop: stop))
        var probes: Probes = []
        for (subject, spaces) in subjects.enumerated() {
            var reports: [LinearProbe.Report] = []
            for (number, space) in spaces.spaces.enumerated() {
                if stop() { throw EvaluationError.cancelled }
                let tables = (train: fitted[subject][number], test: judged[subject][number])
                let report = try probe(tables.train, tables.test)
                reports.append(report)
                rows[spaces.name, space.name, task.name, "probe"] = .init(
                    values: report.test.hits, groups: report.test.groups)
                var scores = [(EvaluationResults.Measure.probe, report.test.accuracy)]
                let voted = try neighbours(tables.train, tables.test, classes: task.classes.count)
                scores.append((.neighbours, voted.accuracy))
                rows[spaces.name, space.name, task.name, "knn"] = .init(values: voted.hits, groups: voted.groups)
                if task.isByLabel {
                    scores += try byLabel(tables.train, tables.test, (spaces.name, space.name, task.name), &rows)
                }
                for (measure, estimate) in scores {
                    results.scores.append(
                        .init(
                            subject: spaces.name, space: space.name, task: task.name, measure: measure,
                            estimate: estimate, strength: measure == .probe ? report.strength : nil))
                }
                add(work: Self.probeWork)
            }
            probes.append(reports)
        }
        return probes
    }

    private func probe(_ train: FeatureTable, _ test: FeatureTable) throws -> LinearProbe.Report {
        var choices = settings.probe
        choices.seed = settings.seed
        return try LinearProbe(settings: choices, pool: pool).evaluate(train: train, test: test)
    }

    private func neighbours(_ train: FeatureTable, _ test: FeatureTable, classes: Int) throws -> Classification {
        try NearestNeighbours(bank: train, pool: pool).classify(
            test, options: .suited(rows: train.count, classes: classes))
    }

    /// Few-shot draws and retrieval of test images by test images.
    private func byLabel(
        _ train: FeatureTable, _ test: FeatureTable, _ name: (subject: String, space: String, task: String),
        _ rows: inout RowScores
    ) throws -> [(EvaluationResults.Measure, Estimate)] {
        let found = try Retrieval(
            bank: test, depths: [1, 10], bootstrap: Bootstrap(resamples: 1_000, seed: settings.seed), pool: pool
        ).byLabel(test, excluding: .ownGroup)
        var scores: [(EvaluationResults.Measure, Estimate)] = [
            (.recall1, found.recall[1]), (.recall10, found.recall[10]), (.precision, found.meanAveragePrecision),
        ].compactMap { measure, estimate in estimate.map { (measure, $0) } }
        guard !settings.isQuick else { return scores }
        for (shots, measure) in [(5, EvaluationResults.Measure.fiveShot), (10, .tenShot)] {
            let report = try FewShot(shots: shots, draws: settings.draws, seed: settings.seed, pool: pool).evaluate(
                train: train, test: test)
            scores.append((measure, report.accuracy))
            rows[name.subject, name.space, name.task, measure.rawValue] = .init(values: report.perDraw, groups: nil)
        }
        add(work: Self.probeWork)
        return scores
    }

    /// Judges the clean images' probe on damaged test images.
    func corrupt(
        _ task: EvaluationTask, _ probes: Probes, _ results: inout EvaluationResults, _ rows: inout RowScores
    ) throws {
        var sums: [[[Double]]] = subjects.map { $0.spaces.map { _ in [] } }
        for corruption in settings.corruptions {
            for severity in settings.severities {
                let damaged = task.corrupted(by: corruption, severity: severity, seed: settings.seed)
                let tables = try extractor.tables(of: damaged.items(of: .test), stop: stop)
                for (subject, spaces) in subjects.enumerated() {
                    for (number, space) in spaces.spaces.enumerated() {
                        let probe = probes[subject][number]
                        let judged = probe.classifier.classify(
                            probe.standardisation.applied(to: tables[subject][number]), pool: pool)
                        results.corruptions.append(
                            .init(
                                subject: spaces.name, space: space.name, corruption: corruption, severity: severity,
                                estimate: judged.accuracy))
                        guard !corruption.isExtra else { continue }
                        let before = sums[subject][number]
                        sums[subject][number] = before.isEmpty ? judged.hits : zip(before, judged.hits).map(+)
                    }
                }
            }
        }
        let kinds = Double(settings.corruptions.count { !$0.isExtra } * settings.severities.count)
        let groups = task.items(of: .test).map(\.group)
        for (subject, spaces) in subjects.enumerated() {
            for (number, space) in spaces.spaces.enumerated() where kinds > 0 {
                rows[spaces.name, space.name, "coarse", "corrupted"] = .init(
                    values: sums[subject][number].map { $0 / kinds }, groups: groups)
            }
        }
    }

    /// Looks for the plain picture of every augmented view.
    func retrieve(_ task: EvaluationTask, _ results: inout EvaluationResults) throws {
        let banks = try extractor.tables(of: task.items(of: .train), stop: stop)
        let queries = try extractor.tables(of: task.items(of: .test), stop: stop)
        for (subject, spaces) in subjects.enumerated() {
            for (number, space) in spaces.spaces.enumerated() {
                let found = try Retrieval(
                    bank: banks[subject][number], depths: [1, 10],
                    bootstrap: Bootstrap(resamples: 1_000, seed: settings.seed), pool: pool
                ).instances(queries[subject][number])
                for (measure, estimate) in [
                    (EvaluationResults.Measure.recall1, found.recall[1]), (.recall10, found.recall[10]),
                    (.precision, found.meanAveragePrecision),
                ] {
                    guard let estimate else { continue }
                    results.scores.append(
                        .init(
                            subject: spaces.name, space: space.name, task: task.name, measure: measure,
                            estimate: estimate))
                }
            }
        }
    }
}
