// SPDX-License-Identifier: Apache-2.0

internal import Reports

extension TrainingReport {
    /// What the held-out checks in the records found: the last one as a map, and each space's own factor over time.
    var heldOutCharts: [any Block] {
        let checks = records.compactMap { record in record.heldOut.map { (record.step, $0) } }
        guard let (step, last) = checks.last else { return [] }
        var blocks: [any Block] = [map(of: last, step: step)]
        if checks.count > 1 { blocks.append(curves(checks, factors: last.factors)) }
        return [Grid(blocks)]
    }

    private func map(of check: HeldOutResult, step: Int) -> HeatMap {
        HeatMap(
            title: "Which space sees which factor",
            detail: "share of \(NumberText.count(check.images)) images whose view with the same factor is nearer than "
                + "one with another, at step \(NumberText.count(step)); 50% is blind to it, and a frame marks the "
                + "factor that the space is meant to see",
            corner: "space", columns: check.factors,
            rows: check.spaces.map { space in
                (space, check.factors.map { .init(check[space, $0], isMarked: $0 == space) })
            }, scale: .diverging(middle: 0.5, reach: 0.5), format: .percent, digits: 1)
    }

    private func curves(_ checks: [(Int, HeldOutResult)], factors: [String]) -> LineChart {
        LineChart(
            title: "Each space on its own factor", detail: "held-out images",
            x: Axis("step", lower: 0),
            y: Axis("nearer view is the one with the same factor", format: .percent, upper: 1),
            series: factors.map { factor in
                LineChart.Series(
                    factor,
                    points: checks.compactMap { step, check in
                        check[factor, factor].map { .init(Double(step), $0) }
                    }, colour: shownSpaces.firstIndex(of: factor))
            }, references: [.init("chance, 1/2", at: 0.5)])
    }
}
