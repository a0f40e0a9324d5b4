// SPDX-License-Identifier: Apache-2.0

private import Foundation
internal import Reports

extension TrainingReport {
    /// The run in a few plain sentences.
    var summary: String {
        guard let last = records.last else { return "Nothing was logged: the run has not done a step yet." }
        return [progress(last), outcome(last), health].filter { !$0.isEmpty }.joined(separator: " ")
    }

    private func progress(_ last: TrainingRecord) -> String {
        let steps = NumberText.count(last.step)
        let epochs = NumberText.number.fixed(last.epoch, digits: 1)
        let images = NumberText.count(last.samples)
        let time = NumberText.duration(last.time)
        let whole =
            plannedSteps.map { last.step >= $0 ? "all \(steps) steps" : "\(steps) of \(NumberText.count($0)) steps" }
            ?? "\(steps) steps"
        return "The run did \(whole) (\(epochs) epochs, \(images) query images) in \(time)."
    }

    private func outcome(_ last: TrainingRecord) -> String {
        let losses = records.map(\.loss)
        guard let first = losses.first(where: \.isFinite), last.loss.isFinite else {
            return "The loss is not a number at the end: the run has diverged."
        }
        let end = tail(\.loss) ?? last.loss
        var text = "The loss went from \(NumberText.number.short(first)) to \(NumberText.number.short(end))"
        let factors = shownSpaces.filter { $0 != "invariant" }
        let accuracies = factors.compactMap { space in tail { $0.accuracy[space] }.map { (space, $0) } }
        guard let worst = accuracies.min(by: { $0.1 < $1.1 }), let best = accuracies.max(by: { $0.1 < $1.1 }) else {
            return text + "."
        }
        text += ", and the sensitive spaces tell their positive from the image's other keys in "
        let (low, high) = (NumberText.percent.short(worst.1), NumberText.percent.short(best.1))
        text += accuracies.count == 1 ? "\(low) of cases" : "\(low) (\(worst.0)) to \(high) (\(best.0)) of cases"
        return text + (sameImageMeasure == .againstOneKey ? ", where guessing gives 50%." : ".")
    }

    private var health: String {
        switch warnings.count {
        case 0: "No space showed a sign of collapse."
        case 1: "There was one warning, below."
        default: "There were \(warnings.count) warnings, below."
        }
    }

    /// The mean of the finite values among the last twentieth of the records; nil when there are none.
    func tail(_ value: (TrainingRecord) -> Double?) -> Double? {
        let values = records.suffix(max(1, records.count / 20)).compactMap(value).filter(\.isFinite)
        return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    /// The numbers to see first.
    var tiles: [Tiles.Tile] {
        guard let last = records.last else { return [] }
        let speed = tail(\.samplesPerSecond) ?? .nan
        let peak = records.map(\.memory).max() ?? 0
        return [
            .init(
                "Steps", value: NumberText.count(last.step),
                detail: plannedSteps.map { "of \(NumberText.count($0))" } ?? ""),
            .init("Loss", value: NumberText.number.short(tail(\.loss) ?? .nan), detail: "at the end"),
            .init("Time", value: NumberText.duration(last.time), detail: "over all resumes"),
            .init("Speed", value: NumberText.number.short(speed), detail: "samples a second"),
            .init("Views", value: NumberText.percent.short(tail(\.renderShare) ?? .nan), detail: "of processor time"),
            .init("Memory", value: NumberText.bytes.short(Double(peak)), detail: "at most"),
        ]
    }

    /// The last numbers of each space; nil when nothing was logged by space.
    var finalTable: Table? {
        guard !records.isEmpty, !shownSpaces.isEmpty else { return nil }
        var table = Table(
            title: "At the end of the run", detail: "means of the last twentieth of the records",
            columns: [
                .init("space"), .init("loss", digits: 3), .init("same image", format: .percent, digits: 1),
                .init("queue", format: .percent, digits: 1), .init("effective rank", digits: 1),
                .init("spread", digits: 2),
            ])
        for space in shownSpaces {
            let values: [(TrainingRecord) -> Double?] = [
                { $0.spaceLosses[space] }, { $0.accuracy[space] }, { $0.queueAccuracy[space] },
                { $0.effectiveRank[space] }, { $0.embeddingSpread[space] },
            ]
            table.add([.text(space)] + values.map { tail($0).map { .number($0) } ?? .empty })
        }
        return table
    }
}
