// SPDX-License-Identifier: Apache-2.0

internal import ContrastiveTraining
internal import Reports
internal import Statistics

extension EvaluationReport {
    /// Heat maps of the three measures of the profile.
    var profileBlocks: [any Block] {
        let rows = results.subjects.flatMap { subject in
            Self.ordered(subject).filter { space in
                results.profiles.contains { $0.subject == subject.name && $0.space == space }
            }.map { (subject.name, $0) }
        }
        guard !rows.isEmpty else { return [] }
        let factors = Augmentation.allCases
        let keyed = factors.filter { Factor(rawValue: $0.rawValue) != nil }
        func map(
            _ title: String, _ detail: String, _ columns: [Augmentation], _ scale: HeatMap.Scale,
            _ value: (EvaluationResults.SpaceProfile) -> Double?
        ) -> HeatMap {
            HeatMap(
                title: title, detail: detail + "; a frame marks the factor that the space is meant to see",
                corner: "space", columns: columns.map(\.rawValue),
                rows: rows.map { subject, space in
                    (
                        "\(subject) \(space)",
                        columns.map { factor in
                            .init(
                                results.profile(subject, space, factor).flatMap(value),
                                isMarked: factor.rawValue == space)
                        }
                    )
                }, scale: scale)
        }
        return [
            map(
                "How little a change of each factor moves the vector",
                "normalised invariance: 1 ignores it, 0 is as far as another image", factors,
                .sequential(lower: 0, upper: 1)
            ) { $0.invariance.value },
            Grid([
                map(
                    "How often the view with the same parameter is the nearer one", "0.5 is blind to the factor", keyed,
                    .diverging(middle: 0.5, reach: 0.5)
                ) { $0.advantage?.value },
                map(
                    "How well the parameter can be read off", "accuracy of a linear probe on the pair of vectors",
                    keyed,
                    .sequential(lower: 0.2, upper: 1)
                ) { $0.prediction?.value },
            ]),
        ]
    }

    /// Accuracy against the number of labels a class.
    var shotChart: (any Block)? {
        let blocks: [any Block] = ["coarse", "fine"].compactMap { task in
            let series = results.subjects.enumerated().compactMap { number, subject -> LineChart.Series? in
                let found = [(5.0, EvaluationResults.Measure.fiveShot), (10.0, .tenShot)].compactMap { shots, measure in
                    results.score(subject.name, subject.principal, task, measure).map {
                        LineChart.Point(shots, $0.value, lower: $0.interval.low, upper: $0.interval.high)
                    }
                }
                return found.isEmpty ? nil : .init(subject.name, points: found, colour: number)
            }
            guard !series.isEmpty else { return nil }
            return LineChart(
                title: "Few-shot, \(task)", detail: "mean and 95% interval over the draws",
                x: Axis("labelled images a class", lower: 0), y: Axis("accuracy", format: .percent), series: series)
        }
        return blocks.isEmpty ? nil : Grid(blocks)
    }

    /// Accuracy against severity, by group and in all, and a table of every corruption.
    var corruptionBlocks: [any Block] {
        guard !results.corruptions.isEmpty else { return [] }
        let groups = Corruption.Group.allCases.map { group in
            let name = group.rawValue.prefix(1).uppercased() + group.rawValue.dropFirst()
            return severityChart(name) { $0.group == group && !$0.isExtra }
        }
        return [severityChart("All corruptions") { !$0.isExtra }, Grid(groups), corruptionTable]
    }

    private func severityChart(_ title: String, _ includes: (Corruption) -> Bool) -> any Block {
        let series = results.subjects.enumerated().compactMap { number, subject -> LineChart.Series? in
            var points: [LineChart.Point] = []
            if let clean = results.score(subject.name, subject.principal, "coarse", .probe) {
                points.append(.init(0, clean.value))
            }
            for severity in Corruption.severities {
                let values = results.corruptions.filter {
                    $0.subject == subject.name && $0.space == subject.principal && $0.severity == severity
                        && includes($0.corruption)
                }.map(\.estimate.value)
                guard !values.isEmpty else { continue }
                points.append(.init(Double(severity), values.reduce(0, +) / Double(values.count)))
            }
            return points.isEmpty ? nil : .init(subject.name, points: points, colour: number)
        }
        return LineChart(
            title: title, detail: "probe learnt on clean images, task coarse",
            x: Axis("severity; 0 is clean", lower: 0, upper: 5), y: Axis("accuracy", format: .percent, lower: 0),
            series: series)
    }

    private var corruptionTable: any Block {
        var table = Table(
            title: "Every corruption", detail: "accuracy in %, mean over the severities",
            columns: [.init("corruption")] + results.subjects.map { .init($0.name, digits: 1) })
        for group in Corruption.Group.allCases {
            table.addPart(group.rawValue)
            for corruption in Corruption.allCases where corruption.group == group {
                let cells = results.subjects.map { subject -> Table.Cell in
                    let values = results.corruptions.filter {
                        $0.subject == subject.name && $0.space == subject.principal && $0.corruption == corruption
                    }.map(\.estimate.value)
                    return values.isEmpty ? .empty : .number(100 * values.reduce(0, +) / Double(values.count))
                }
                table.add([.text(corruption.rawValue + (corruption.isExtra ? " (extra)" : ""))] + cells)
            }
        }
        return Fold("Every corruption", [table])
    }
}
