// SPDX-License-Identifier: Apache-2.0

extension LineChart {
    /// Lines with no more points than this show each of them.
    private static let mostDots = 16

    func draw(_ svg: inout SVGText, namesAtEnds: Bool, page: inout PageWriter) {
        let frame = makeFrame(namesAtEnds: namesAtEnds)
        frame.open(&svg, title: title, description: description, page: &page, isLine: true)
        frame.drawAxes(&svg)
        for reference in references { draw(reference, &svg, frame) }
        for index in series.indices { drawBackground(index, &svg, frame) }
        for index in series.indices { drawLine(index, &svg, frame) }
        if namesAtEnds { drawNames(&svg, frame) }
        svg.markup("</svg>\n")
    }

    private func makeFrame(namesAtEnds: Bool) -> ChartFrame {
        let shown = series.flatMap { placed($0.points) + placed($0.raw) }
        let heights = shown.flatMap { [$0.y] + [$0.lower, $0.upper].compactMap(\.self) } + references.map(\.value)
        let names = namesAtEnds ? (series.map { SVGText.width(of: $0.name) }.max() ?? 0) + 16 : 0
        return ChartFrame(
            x: x.fitted(to: shown.map(\.x), roundsOut: false), y: y.fitted(to: heights, roundsOut: true),
            height: height, labels: names)
    }

    private func draw(_ reference: Reference, _ svg: inout SVGText, _ frame: ChartFrame) {
        guard let up = frame.y.position(reference.value), (0...1).contains(up) else { return }
        let at = frame.bottom - up * (frame.bottom - frame.top)
        svg.line("reference", frame.left, at, frame.right, at)
        let above = at - frame.top > 16
        svg.label("end", x: frame.right - 3, y: above ? at - 4 : at + 13, reference.name)
    }

    /// What lies behind the lines: intervals and unsmoothed values.
    private func drawBackground(_ index: Int, _ svg: inout SVGText, _ frame: ChartFrame) {
        let line = series[index]
        svg.markup("<g class=\"\(Palette.colourClass(colour(index)))\" aria-hidden=\"true\">")
        for run in runs(line.raw, frame, column: 2) { svg.path("raw", run.map(\.place)) }
        for run in runs(line.points, frame) {
            if line.points.count > Self.mostDots {
                drawBand(run.map(\.point), &svg, frame)
            } else {
                for item in run { drawWhisker(item.point, &svg, frame) }
            }
        }
        svg.markup("</g>\n")
    }

    private func drawBand(_ points: [Point], _ svg: inout SVGText, _ frame: ChartFrame) {
        let bounded = points.filter { $0.lower != nil && $0.upper != nil }
        let upper = bounded.compactMap { point in point.upper.flatMap { frame.place(point.x, $0) } }
        let lower = bounded.compactMap { point in point.lower.flatMap { frame.place(point.x, $0) } }
        svg.shape("band", (upper + lower.reversed()).map(frame.clamped))
    }

    private func drawWhisker(_ point: Point, _ svg: inout SVGText, _ frame: ChartFrame) {
        guard let lower = point.lower, let upper = point.upper,
            let low = frame.place(point.x, lower).map(frame.clamped),
            let high = frame.place(point.x, upper).map(frame.clamped)
        else { return }
        svg.line("whisker", low.x, low.y, high.x, high.y)
        svg.line("whisker", low.x - 3, low.y, low.x + 3, low.y)
        svg.line("whisker", high.x - 3, high.y, high.x + 3, high.y)
    }

    private func drawLine(_ index: Int, _ svg: inout SVGText, _ frame: ChartFrame) {
        let line = series[index]
        let name = series.count > 1 ? Palette.lineClass(colour(index)) : ""
        svg.markup("<g class=\"\(Palette.colourClass(colour(index)))\" data-name=\"\(HTMLText.escape(line.name))\">")
        for run in runs(line.points, frame) {
            svg.path("line \(name)", run.map(\.place))
            guard line.points.count <= Self.mostDots else { continue }
            for item in run { svg.circle("dot", x: item.place.x, y: item.place.y, radius: 3) }
        }
        svg.markup("</g>\n")
    }

    private struct PlacedPoint {
        let point: Point
        let place: ScreenPoint
    }

    /// The stretches of a line without a gap, thinned to four points for each `column` units of width.
    private func runs(_ points: [Point], _ frame: ChartFrame, column: Double = 1) -> [[PlacedPoint]] {
        var runs: [[PlacedPoint]] = [[]]
        for point in points {
            if let place = frame.place(point.x, point.y) {
                runs[runs.count - 1].append(PlacedPoint(point: point, place: frame.clamped(place)))
            } else if !runs[runs.count - 1].isEmpty {
                runs.append([])
            }
        }
        return runs.filter { !$0.isEmpty }.map { run in
            run.count <= Int(ChartFrame.width)
                ? run
                : Thinning.keepingExtremes(run, column: { Int($0.place.x / column) }, value: { $0.place.y })
        }
    }

    /// The names of the lines beside their last points, moved apart where they would cover each other.
    private func drawNames(_ svg: inout SVGText, _ frame: ChartFrame) {
        let ends = series.indices.compactMap { index in
            placed(series[index].points).last.flatMap { frame.place($0.x, $0.y) }.map { (index, frame.clamped($0)) }
        }
        let heights = LabelPlacement.spread(
            ends.map { $0.1.y }, spacing: 14, within: frame.top...max(frame.top, frame.bottom - 2))
        for ((index, end), height) in zip(ends, heights) {
            guard !series[index].name.isEmpty else { continue }
            svg.markup("<g class=\"\(Palette.colourClass(colour(index)))\" aria-hidden=\"true\">")
            svg.line("leader", end.x + 2, end.y, frame.right + 10, height)
            svg.label("name", x: frame.right + 13, y: height + 4, series[index].name)
            svg.markup("</g>")
        }
    }
}
