// SPDX-License-Identifier: Apache-2.0

package import ContrastiveTraining
package import Kernels
internal import Reports
internal import Statistics

/// The report of an evaluation: one self-contained page.
package struct EvaluationReport: Sendable {
    let results: EvaluationResults
    /// Pictures and maps; empty blocks where they were not wanted.
    private let gallery: [any Block]
    private let maps: [any Block]

    /// A report of `outcome`; pictures come from `cache`.
    package init(_ outcome: EvaluationOutcome, cache: ImageCache, subjects: [Subject], pool: ComputePool? = nil) throws
    {
        results = outcome.results
        let pictures = try ReportPictures(outcome: outcome, cache: cache, subjects: subjects, pool: pool)
        gallery = pictures.neighbours
        maps = pictures.maps
    }

    /// A report without pictures.
    package init(_ results: EvaluationResults) {
        self.results = results
        (gallery, maps) = ([], [])
    }

    /// The file as text.
    package func html() -> String {
        var page = Page(
            title: "What the spaces know and what they ignore", lead: lead,
            footer: "Made by facet evaluate. The same command on the same data and models gives the same numbers.")
        page.add("Claims", claimBlocks)
        page.add("Tables", [mainTable, paperNote] + taskTables)
        page.add("Invariance profile", profileBlocks)
        page.add("Few labels", [shotChart].compactMap(\.self))
        page.add("Damaged images", corruptionBlocks)
        page.add("Finding an image again", [retrievalTable])
        page.add("Nearest neighbours", gallery)
        page.add("Maps", maps)
        page.add("How it was measured", methodBlocks)
        return page.html()
    }

    private var lead: String {
        let conditions = results.conditions
        let verdicts = results.claims.map(\.verdict)
        let held = verdicts.count { $0 == .holds }
        let failed = verdicts.count { $0 == .fails }
        var text =
            "\(results.subjects.count) subjects on \(NumberText.count(conditions.testImages)) test images; linear probes "
            + "learn from \(NumberText.count(conditions.trainImages)) others. "
        if verdicts.isEmpty {
            text += "The models given are not the ones that the method's claims are about."
        } else {
            text += "Of \(verdicts.count) claims of the method \(held) hold here, \(failed) fail"
            text +=
                verdicts.count > held + failed
                ? " and \(verdicts.count - held - failed) cannot be decided on so many images." : "."
        }
        return text
    }

    // MARK: Claims

    private var claimBlocks: [any Block] {
        guard !results.claims.isEmpty else { return [] }
        var table = Table(
            title: "The method's claims, put to the test",
            detail: "paired differences on the same test images, in points, with 95% intervals",
            columns: [
                .init("claim"), .init("verdict"), .init("wanted", digits: 1), .init("found", digits: 1),
                .init("what was compared"),
            ])
        for claim in results.claims {
            table.add([
                .text(claim.text), .text(claim.verdict.rawValue), .number(100 * claim.wanted),
                .number(100 * claim.found.value, interval: 50 * claim.found.interval.width), .text(claim.evidence),
            ])
        }
        let failed = results.claims.filter { $0.verdict == .fails }
        let notes = failed.map { claim in
            Note(
                .warning, title: "Does not hold: \(claim.text).",
                text: "Found \(Self.points(claim.found.value)) points "
                    + "(\(Self.points(claim.found.interval.low)) to \(Self.points(claim.found.interval.high))), "
                    + "wanted at least \(Self.points(claim.wanted)).")
        }
        return [table] + notes
    }

    static func points(_ value: Double) -> String { NumberText.number.fixed(100 * value, digits: 1) }

    // MARK: Method

    private var methodBlocks: [any Block] {
        let conditions = results.conditions
        var tasks = Table(
            title: "Tasks",
            columns: [
                .init("task"), .init("classes", digits: 0), .init("train", digits: 0), .init("test", digits: 0),
                .init("what is asked"),
            ])
        for task in results.tasks {
            tasks.add([
                .text(task.name), .number(Double(task.classes.count)), .number(Double(task.trainItems)),
                .number(Double(task.testItems)), .text(task.note),
            ])
        }
        return [
            Facts([
                ("command", conditions.command), ("seed", "\(conditions.seed)"), ("data digest", conditions.dataDigest),
                ("threads", "\(conditions.threads)"), ("time", NumberText.duration(conditions.seconds)),
            ]), tasks,
            Fold("The subjects", subjectFacts),
            Paragraph(
                "Linear probe: softmax regression by L-BFGS on standardised features; the strength of its penalty is chosen "
                    + "on a fifth of the training images, never on test images. kNN: votes weighted by "
                    + "exp(cosine / temperature), 200 neighbours at 0.1, or 20 at 0.07 where classes are small. Few-shot: "
                    + "the same regression with a fixed penalty, mean over the draws. Intervals: Wilson's for accuracies, "
                    + "bootstrap over images for all else, 95%; variants of one image count as one."),
            Paragraph(
                "Left out of the corruptions of ImageNet-C: "
                    + Corruption.leftOut.map { "\($0.name) (\($0.reason))" }.joined(separator: " ")
                    + " Accuracies under corruption are not divided by AlexNet's, which nobody has measured on this data."
            ),
        ]
    }

    private var subjectFacts: [any Block] {
        results.subjects.map { subject in
            Fold(subject.name, isOpen: true, [Facts(subject.facts.filter { $0.count == 2 }.map { ($0[0], $0[1]) })])
        }
    }
}
