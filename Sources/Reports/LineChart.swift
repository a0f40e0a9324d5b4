// SPDX-License-Identifier: Apache-2.0

/// Lines over a common axis, each named at its end or, where names are long or many, in a key above.
///
/// Numbers that are not finite, or have no place on a logarithmic axis, leave a gap. Lines of thousands of points are
/// thinned to what can be seen.
package struct LineChart: Block {
    package struct Point: Sendable, Equatable {
        package var x: Double
        package var y: Double
        /// The ends of its interval; nil for none.
        package var lower: Double?
        package var upper: Double?

        package init(_ x: Double, _ y: Double, lower: Double? = nil, upper: Double? = nil) {
            self.x = x
            self.y = y
            self.lower = lower
            self.upper = upper
        }
    }

    package struct Series: Sendable {
        package var name: String
        /// In the order in which the line goes through them.
        package var points: [Point]
        /// The same before smoothing, drawn pale behind the line.
        package var raw: [Point]
        /// Which colour it has; nil takes its place in the chart.
        ///
        /// The same number is the same colour in every chart.
        package var colour: Int?

        package init(_ name: String, points: [Point], raw: [Point] = [], colour: Int? = nil) {
            self.name = name
            self.points = points
            self.raw = raw
            self.colour = colour
        }
    }

    /// A line across the chart at a value that means something, such as chance.
    package struct Reference: Sendable {
        let name: String
        let value: Double

        package init(_ name: String, at value: Double) {
            self.name = name
            self.value = value
        }
    }

    let title: String
    let detail: String
    let x: Axis
    let y: Axis
    let series: [Series]
    let references: [Reference]
    let height: Double

    /// `detail` says under the title what is shown; the y axis' title is put before it.
    package init(
        title: String, detail: String = "", x: Axis = Axis(), y: Axis = Axis(), series: [Series],
        references: [Reference] = [], height: Double = 280
    ) {
        self.title = title
        self.detail = detail
        self.x = x
        self.y = y
        self.series = series
        self.references = references
        self.height = height
    }

    package func render(into page: inout PageWriter) {
        let caption = ChartCaption(
            title: title, detail: [y.title, detail].filter { !$0.isEmpty }.joined(separator: "; "))
        caption.open(&page)
        if !isEmpty {
            let namesAtEnds = fitsNames
            if !namesAtEnds { renderKey(into: &page) }
            var svg = SVGText()
            draw(&svg, namesAtEnds: namesAtEnds, page: &page)
            page.markup(svg.text)
        } else {
            page.element("p", "No numbers to draw.", attributes: " class=\"soft\"")
        }
        caption.close(&page)
    }

    /// Whether there is no point that could be drawn.
    package var isEmpty: Bool {
        series.allSatisfy { placed($0.points).isEmpty }
    }

    /// Points that both axes have a place for.
    func placed(_ points: [Point]) -> [Point] {
        points.filter { x.accepts($0.x) && y.accepts($0.y) }
    }

    /// Whether there are few enough names, and short enough, to stand at the ends of their lines.
    private var fitsNames: Bool {
        series.count <= 8 && series.allSatisfy { $0.name.count <= 14 }
    }

    func colour(_ index: Int) -> Int {
        max(0, series[index].colour ?? index)
    }

    private func renderKey(into page: inout PageWriter) {
        page.markup("<ul class=\"key\">")
        for (index, line) in series.enumerated() {
            page.markup(
                "<li><svg viewBox=\"0 0 22 10\" aria-hidden=\"true\" class=\"\(Palette.colourClass(colour(index)))\">")
            page.markup("<path class=\"line \(Palette.lineClass(colour(index)))\" d=\"M1 5L21 5\"/></svg>")
            page.element("span", line.name)
            page.markup("</li>")
        }
        page.markup("</ul>\n")
    }

    /// The chart in words: where each line begins and ends, and its extremes.
    var description: String {
        series.map { line in
            let shown = placed(line.points)
            guard let first = shown.first, let last = shown.last else { return "\(line.name): no numbers." }
            let text = y.format.short
            let (least, most) = (shown.map(\.y).min() ?? first.y, shown.map(\.y).max() ?? first.y)
            return "\(line.name): from \(text(first.y)) to \(text(last.y)), between \(text(least)) and \(text(most))."
        }.joined(separator: " ")
    }
}
