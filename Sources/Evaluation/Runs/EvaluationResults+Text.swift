// SPDX-License-Identifier: Apache-2.0

internal import Reports
internal import Statistics

extension EvaluationResults {
    /// The table of probes and the claims as Markdown, for a terminal or a README.
    package var text: String {
        let tasks = self.tasks.filter { !$0.classes.isEmpty }.map(\.name)
        var lines = ["| representation | " + tasks.joined(separator: " | ") + " |"]
        lines.append("|---|" + tasks.map { _ in "--:|" }.joined())
        for subject in subjects {
            for space in EvaluationReport.ordered(subject) {
                let cells = tasks.map { task in
                    score(subject.name, space, task, .probe).map {
                        "\(EvaluationReport.points($0.value)) ±\(EvaluationReport.points($0.interval.width / 2))"
                    } ?? ""
                }
                lines.append("| \(subject.name) \(space) | " + cells.joined(separator: " | ") + " |")
            }
        }
        guard !claims.isEmpty else { return lines.joined(separator: "\n") }
        lines += ["", "| claim | verdict | found | wanted |", "|---|---|--:|--:|"]
        for claim in claims {
            let (low, high) = (claim.found.interval.low, claim.found.interval.high)
            lines.append(
                "| \(claim.text) | \(claim.verdict.rawValue) | \(EvaluationReport.points(claim.found.value)) "
                    + "(\(EvaluationReport.points(low)) to \(EvaluationReport.points(high))) | "
                    + "\(EvaluationReport.points(claim.wanted)) |")
        }
        return lines.joined(separator: "\n")
    }
}
