// SPDX-License-Identifier: Apache-2.0

package import Reports

/// The page that tells how a training run went: its curves, its warnings, and what it takes to run it again.
///
///     let report = TrainingReport(name: "house-v1", records: try TrainingLog.read("run/log.jsonl"))
///     try report.html().write(toFile: "run/report.html", atomically: true, encoding: .utf8)
package struct TrainingReport: Sendable {
    /// What ``TrainingRecord/accuracy`` counts, which decides what guessing would give.
    package enum SameImageMeasure: Sendable {
        /// Comparisons of the positive with one other key: one half by chance.
        case againstOneKey
        /// Queries whose positive is the nearest of all n + 1 keys: 1/(n + 1) by chance.
        case againstAllKeys
    }

    /// What the run is called.
    package var name: String
    /// The log, in the order of its steps.
    package var records: [TrainingRecord]
    /// The settings of the run, in the order in which they are shown.
    package var configuration: [(String, String)] = []
    /// The embedding spaces in the order of the model; empty takes the log's, with `invariant` first.
    package var spaces: [String] = []
    /// Steps that were planned; nil when not known.
    package var plannedSteps: Int?
    package var sameImageMeasure = SameImageMeasure.againstOneKey
    /// Negatives in each queue, for the chance line of its accuracy; nil when not known.
    package var queueLength: Int?
    /// Measurements on held-out images beside those in the records; nil for none.
    package var heldOut: Table?
    /// What the collapse detector and the loop warned of.
    package var warnings: [String] = []
    /// The exact command line.
    package var command = ""
    package var seed: UInt64?
    /// Digest of the manifest of the data.
    package var dataDigest = ""
    /// Licences and origin of the data and of the model, a paragraph each.
    package var provenance: [String] = []
    /// The program that wrote the report, with its version.
    package var program = ""

    package init(name: String, records: [TrainingRecord]) {
        self.name = name
        self.records = records
    }

    /// The page as text; the same report is always the same text.
    package func html() -> String {
        var page = Page(title: "Training of \(name)", lead: summary, footer: program)
        page.add([Tiles(tiles)] + warnings.map { Note(.warning, title: "Warning.", text: $0) })
        if records.count > 1 {
            addCharts("What was learned", learningCharts, to: &page)
            addCharts("How the embeddings lie", embeddingCharts, to: &page)
            addCharts("How it ran", runningCharts, to: &page)
        }
        page.add("On images held out of training", heldOutCharts + (heldOut.map { [$0] } ?? []))
        page.add("Numbers by space", finalTable.map { [$0] } ?? [])
        page.add("Run it again", reproduction)
        page.add("Origin and licences", provenance.map(Paragraph.init))
        return page.html()
    }

    private func addCharts(_ title: String, _ charts: [any Block], to page: inout Page) {
        page.add(title, charts.isEmpty ? [] : [Grid(charts)])
    }

    private var reproduction: [any Block] {
        var facts = configuration
        if let seed { facts.append(("seed", "\(seed)")) }
        if !dataDigest.isEmpty { facts.append(("data digest", dataDigest)) }
        var blocks: [any Block] = []
        if !command.isEmpty { blocks.append(Details("Command", text: command, isOpen: true)) }
        if !facts.isEmpty { blocks.append(Facts(facts)) }
        return blocks
    }

    /// The spaces that are shown, in order; a space keeps its colour through all charts.
    var shownSpaces: [String] {
        if !spaces.isEmpty { return spaces }
        let found = records.reduce(into: Set<String>()) { $0.formUnion($1.spaceLosses.keys) }
        return found.sorted { ($0 != "invariant" ? 1 : 0, $0) < ($1 != "invariant" ? 1 : 0, $1) }
    }
}
