// SPDX-License-Identifier: Apache-2.0

internal import Reports

extension TrainingReport {
    /// Losses and accuracies.
    var learningCharts: [any Block] {
        let charts = [
            LineChart(
                title: "Loss by space", detail: smoothingNote, x: steps,
                y: Axis("contrastive loss, nats; lower is better"),
                series: spaceSeries(\.spaceLosses)),
            LineChart(
                title: "Positive against the same image's other keys", detail: smoothingNote, x: steps,
                y: Axis(sameImageTitle, format: .percent, upper: 1), series: spaceSeries(\.accuracy),
                references: [sameImageChance]),
            LineChart(
                title: "Positive against the queue", detail: smoothingNote, x: steps,
                y: Axis("queries whose positive is nearer than every negative", format: .percent, lower: 0),
                series: spaceSeries(\.queueAccuracy), references: queueChance),
            LineChart(
                title: "Loss", detail: smoothingNote, x: steps, y: Axis("mean over the spaces, nats"),
                series: [smoothed("", records.map { ($0.step, $0.loss) }, colour: 6)]),
        ]
        return charts.filter { !$0.isEmpty }
    }

    /// What a collapse shows in.
    var embeddingCharts: [any Block] {
        let charts = [
            LineChart(
                title: "Effective rank", x: steps, y: Axis("directions in use; more is better", lower: 0),
                series: spaceSeries(\.effectiveRank)),
            LineChart(
                title: "Spread", x: steps, y: Axis("1 is an even spread over the sphere, 0 a single point", lower: 0),
                series: spaceSeries(\.embeddingSpread), references: [.init("all the same", at: 0)]),
        ]
        return charts.filter { !$0.isEmpty }
    }

    /// Schedule, speed and memory.
    var runningCharts: [any Block] {
        [
            single("Learning rate", Axis("of the step", lower: 0), \.learningRate),
            LineChart(
                title: "Samples a second", x: steps, y: Axis("query images", lower: 0),
                series: [smoothed("", records.map { ($0.step, $0.samplesPerSecond) }, colour: 0)]),
            LineChart(
                title: "Time spent on views", x: steps, y: Axis("share of processor time", format: .percent, lower: 0),
                series: [smoothed("", records.map { ($0.step, $0.renderShare) }, colour: 0)]),
            single("Memory", Axis("resident", format: .bytes, lower: 0)) { Double($0.memory) },
        ]
    }

    private var steps: Axis { Axis("step", lower: 0) }

    private var sameImageTitle: String {
        switch sameImageMeasure {
        case .againstOneKey: "comparisons in which the positive is nearer than another key of its image"
        case .againstAllKeys: "queries whose positive is the nearest key of its image"
        }
    }

    private var sameImageChance: LineChart.Reference {
        switch sameImageMeasure {
        case .againstOneKey: .init("chance, 1/2", at: 0.5)
        case .againstAllKeys:
            .init("chance, 1/\(max(1, shownSpaces.count))", at: 1 / Double(max(1, shownSpaces.count)))
        }
    }

    private var queueChance: [LineChart.Reference] {
        queueLength.map { [.init("chance, 1/\($0 + 1)", at: 1 / Double(max(0, $0) + 1))] } ?? []
    }

    private func single(
        _ title: String, _ axis: Axis, _ value: (TrainingRecord) -> Double
    ) -> LineChart {
        LineChart(
            title: title, x: steps, y: axis,
            series: [.init("", points: records.map { .init(Double($0.step), value($0)) }, colour: 0)])
    }

    private func spaceSeries(
        _ values: (TrainingRecord) -> [String: Double]
    ) -> [LineChart.Series] {
        shownSpaces.enumerated().compactMap { index, space in
            let found = records.compactMap { record in values(record)[space].map { (record.step, $0) } }
            guard !found.isEmpty else { return nil }
            return smoothed(space, found, colour: index)
        }
    }

    private func smoothed(_ name: String, _ values: [(Int, Double)], colour: Int) -> LineChart.Series {
        let raw = values.map { LineChart.Point(Double($0.0), $0.1) }
        guard smoothingWidth > 1 else { return .init(name, points: raw, colour: colour) }
        let means = RunningMean.centred(values.map(\.1), width: smoothingWidth)
        let points = zip(values, means).map { LineChart.Point(Double($0.0.0), $0.1) }
        return .init(name, points: points, raw: raw, colour: colour)
    }

    private var smoothingNote: String {
        smoothingWidth > 1 ? "bold: mean of \(smoothingWidth) records" : ""
    }

    /// Records a bold line averages over: about a fiftieth of the run, odd; 1 for short runs.
    private var smoothingWidth: Int {
        records.count < 60 ? 1 : records.count / 50 | 1
    }
}

/// Means over a moving window.
enum RunningMean {
    /// The mean of the finite values among the `width` around each one, fewer at the ends; NaN where the value itself is not finite.
    static func centred(_ values: [Double], width: Int) -> [Double] {
        precondition(width > 0, "a window of \(width)")
        let half = width / 2
        var sums = [0.0]
        var counts = [0]
        for value in values {
            sums.append((sums.last ?? 0) + (value.isFinite ? value : 0))
            counts.append((counts.last ?? 0) + (value.isFinite ? 1 : 0))
        }
        return values.indices.map { index in
            guard values[index].isFinite else { return .nan }
            let (first, end) = (max(0, index - half), min(values.count, index + half + 1))
            return (sums[end] - sums[first]) / Double(max(1, counts[end] - counts[first]))
        }
    }
}
