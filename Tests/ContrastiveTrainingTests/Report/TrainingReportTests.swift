// SPDX-License-Identifier: Apache-2.0

import ContrastiveTraining
import Foundation
import Reports
import Testing

/// What the page of a run says.
@Suite("Training report")
struct TrainingReportTests {
    private static let spaces = ["invariant", "color", "rotation"]

    private func records(_ count: Int) -> [TrainingRecord] {
        (1...count).map { step in
            let progress = Double(step) / Double(count)
            func values(_ value: Double) -> [String: Double] {
                Dictionary(uniqueKeysWithValues: Self.spaces.map { ($0, value) })
            }
            return TrainingRecord(
                step: step * 20, epoch: progress, samples: step * 2560, loss: 6 - 2 * progress,
                spaceLosses: values(6 - 2 * progress), accuracy: ["color": 0.9, "rotation": 0.6, "invariant": 0.5],
                queueAccuracy: values(progress / 2), learningRate: 0.06, samplesPerSecond: 300, renderShare: 0.1,
                effectiveRank: values(30), embeddingSpread: values(0.9), time: Double(step * 60), memory: 1 << 30)
        }
    }

    @Test("It opens with plain sentences, and has the curves and all it takes to run it again")
    func tellsAll() {
        var report = TrainingReport(name: "small", records: records(100))
        report.plannedSteps = 4000
        report.queueLength = 640
        report.command = "facet train --seed 5 --out 'a b'"
        report.seed = 5
        report.dataDigest = "sha256:00ff"
        report.configuration = [("recipe", "looc")]
        report.provenance = ["Public domain pictures."]
        let html = report.html()
        let parts = [
            "The run did 2,000 of 4,000 steps (1.0 epochs, 256,000 query images) in 1 h 40 min.",
            "The loss went from 5.98 to 4.04, and the sensitive spaces tell their positive from the image&#39;s other keys in "
                + "60.0% (rotation) to 90.0% (color) of cases, where guessing gives 50%.",
            "No space showed a sign of collapse.", "Loss by space", "chance, 1/2", "chance, 1/641", "Learning rate",
            "Effective rank", "Samples a second", "Memory", "facet train --seed 5 --out &#39;a b&#39;",
            "<dt>seed</dt><dd>5</dd>", "sha256:00ff", "<dt>recipe</dt><dd>looc</dd>", "Public domain pictures.",
        ]
        for part in parts { #expect(html.contains(part), "\(part)") }
        #expect(html == report.html())
    }

    @Test("Warnings are shown and counted in the summary")
    func showsWarnings() {
        var report = TrainingReport(name: "a", records: records(3))
        report.warnings = ["step 20, space <color>: all the same"]
        #expect(report.html().contains("step 20, space &lt;color&gt;: all the same"))
        #expect(report.html().contains("There was one warning, below."))
    }

    @Test("Chance among all keys is one in the number of spaces")
    func chanceAmongAllKeys() {
        var report = TrainingReport(name: "a", records: records(3))
        report.sameImageMeasure = .againstAllKeys
        #expect(report.html().contains("chance, 1/3") && !report.html().contains("chance, 1/2"))
    }

    @Test("A run without records, with one, or without spaces is a page too")
    func survivesLittle() {
        #expect(TrainingReport(name: "a", records: []).html().contains("Nothing was logged"))
        #expect(TrainingReport(name: "a", records: records(1)).html().contains("At the end of the run"))
        let plain = TrainingRecord(
            step: 1, epoch: 0, samples: 1, loss: 1, learningRate: 0, samplesPerSecond: 0, renderShare: 0, time: 0,
            memory: 0)
        let html = TrainingReport(name: "a", records: [plain, plain]).html()
        #expect(!html.contains("Loss by space") && !html.contains("No numbers to draw"))
    }

    @Test("Numbers that are none are left out of charts and said in the summary")
    func survivesNonFinite() {
        var broken = records(200)
        for index in broken.indices where index > 150 {
            broken[index].loss = .nan
            broken[index].spaceLosses["color"] = .infinity
            broken[index].samplesPerSecond = .nan
        }
        let html = TrainingReport(name: "a", records: broken).html()
        #expect(html.contains("the run has diverged"))
        #expect(!html.contains("nan ") && !html.contains("inf ") && !html.contains("Lnan"))
    }

    @Test("A record without a loss leaves a gap in the smoothed line")
    func leavesGaps() throws {
        var broken = records(200)
        let whole = TrainingReport(name: "a", records: broken).html().components(separatedBy: "class=\"line").count
        broken[100].spaceLosses["color"] = .nan
        let torn = TrainingReport(name: "a", records: broken).html().components(separatedBy: "class=\"line").count
        #expect(torn == whole + 1)
    }

    @Test("Ten thousand records make a page of less than a megabyte")
    func staysSmall() {
        #expect(TrainingReport(name: "a", records: records(10_000)).html().utf8.count < 1_000_000)
    }

    @Test("Spaces are in the order that is asked for, or with the invariant one first")
    func ordersSpaces() throws {
        var report = TrainingReport(name: "a", records: records(3))
        func order() -> [String] {
            report.html().matches(of: /<th scope="row">([a-z]+)<\/th>/).map { String($0.1) }
        }
        #expect(order() == ["invariant", "color", "rotation"])
        report.spaces = ["rotation", "invariant", "color"]
        #expect(order() == ["rotation", "invariant", "color"])
    }
}
