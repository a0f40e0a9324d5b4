// SPDX-License-Identifier: Apache-2.0

private import Foundation
internal import Reports
internal import Statistics

extension EvaluationReport {
    /// Every subject's principal space, and each space of the others, on every task: like the paper's tables 1 and 2.
    var mainTable: Table {
        let tasks = results.tasks.filter { !$0.classes.isEmpty }.map(\.name)
        let shots = results.scores.contains { $0.measure == .fiveShot }
        var columns = [Table.Column("representation")]
        columns += tasks.map { .init($0, digits: 1, best: .highest) }
        if shots {
            columns += [
                .init("coarse 5-shot", digits: 1, best: .highest), .init("fine 5-shot", digits: 1, best: .highest),
                .init("fine 10-shot", digits: 1, best: .highest),
            ]
        }
        let damaged = !results.corruptions.isEmpty
        if damaged { columns.append(.init("coarse, damaged", digits: 1, best: .highest)) }
        var table = Table(
            title: "Linear probes on frozen features", detail: "accuracy on test images in %, ± half a 95% interval",
            columns: columns)
        for subject in results.subjects {
            table.addPart(subject.name)
            for space in Self.ordered(subject) {
                var cells: [Table.Cell] = [.text(space)]
                cells += tasks.map { cell(subject.name, space, $0, .probe) }
                if shots {
                    cells += [
                        cell(subject.name, space, "coarse", .fiveShot), cell(subject.name, space, "fine", .fiveShot),
                        cell(subject.name, space, "fine", .tenShot),
                    ]
                }
                if damaged { cells.append(damagedCell(subject.name, space)) }
                table.add(cells)
            }
        }
        return table
    }

    /// The principal space first.
    static func ordered(_ subject: EvaluationResults.SubjectNote) -> [String] {
        [subject.principal] + subject.spaces.filter { $0 != subject.principal && !$0.hasSuffix(".representation") }
    }

    private func cell(
        _ subject: String, _ space: String, _ task: String, _ measure: EvaluationResults.Measure
    ) -> Table.Cell {
        results.score(subject, space, task, measure).map {
            .number(100 * $0.value, interval: 50 * $0.interval.width)
        } ?? .empty
    }

    private func damagedCell(_ subject: String, _ space: String) -> Table.Cell {
        let values = results.corruptions.filter {
            $0.subject == subject && $0.space == space && !$0.corruption.isExtra
        }.map(\.estimate.value)
        return values.isEmpty ? .empty : .number(100 * values.reduce(0, +) / Double(values.count))
    }

    /// The published numbers beside which ours are read.
    var paperNote: any Block {
        var table = Table(
            title: "The paper's own numbers, for the trend",
            detail: "Xiao et al., ICLR 2021, tables 1 and 2: ResNet-50, 500 epochs of ImageNet-100, linear probes, %",
            columns: [
                .init("model"), .init("rotation (4-way)", digits: 1), .init("IN-100 top-1", digits: 1),
                .init("iNat-1k top-1", digits: 1), .init("CUB top-1", digits: 1), .init("Flowers 5-shot", digits: 1),
            ])
        let rows: [(String, [Double?])] = [
            ("MoCo", [61.1, 81.0, 36.2, 36.7, 67.9]), ("MoCo + rotation", [43.3, 79.4, nil, nil, nil]),
            ("LooC, rotation", [65.2, 80.2, 40.0, 38.8, 70.1]), ("LooC, colour", [nil, 81.1, 41.2, 40.1, 68.2]),
            ("LooC, colour and rotation", [nil, 79.2, 44.0, 39.6, 70.9]),
            ("LooC++, colour and rotation", [nil, 81.2, 46.1, 39.3, 68.1]),
        ]
        for (name, values) in rows {
            table.add([.text(name)] + values.map { $0.map { .number($0) } ?? .empty })
        }
        return table
    }

    /// For each task, all measures of the principal spaces.
    var taskTables: [any Block] {
        let tables = results.tasks.filter { !$0.classes.isEmpty }.map { task -> any Block in
            let measures = EvaluationResults.Measure.allCases.filter { measure in
                results.scores.contains { $0.task == task.name && $0.measure == measure }
            }
            var table = Table(
                title: "Task \(task.name)",
                detail: task.note + " Chance is \(NumberText.percent.short(1 / Double(max(1, task.classes.count)))).",
                columns: [.init("representation")] + measures.map { .init($0.rawValue, digits: 1, best: .highest) })
            for subject in results.subjects {
                table.addPart(subject.name)
                for space in Self.ordered(subject) {
                    table.add([.text(space)] + measures.map { cell(subject.name, space, task.name, $0) })
                }
            }
            return table
        }
        return [Fold("Every measure, task by task", tables)]
    }

    /// How often the plain picture is the first found for a view with one augmentation.
    var retrievalTable: any Block {
        let tasks = results.tasks.filter(\.classes.isEmpty)
        var table = Table(
            title: "Recall@1 of a picture by one augmented view of it",
            detail: "in %: high where the space ignores the augmentation and still knows the picture",
            columns: [.init("representation")]
                + tasks.map {
                    .init(
                        $0.name.hasPrefix("retrieval-") ? String($0.name.dropFirst(10)) : $0.name, digits: 1,
                        best: .highest)
                })
        for subject in results.subjects {
            table.addPart(subject.name)
            for space in Self.ordered(subject) {
                table.add([.text(space)] + tasks.map { cell(subject.name, space, $0.name, .recall1) })
            }
        }
        return table
    }
}
