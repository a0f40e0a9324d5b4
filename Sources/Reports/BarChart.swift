// SPDX-License-Identifier: Apache-2.0

/// Horizontal bars in groups, each with its number and, where it has one, its interval.
///
/// The name of a group stands above its bars, so that long names are whole on a narrow screen too.
package struct BarChart: Block {
    package struct Bar: Sendable, Equatable {
        let value: Double
        let lower: Double?
        let upper: Double?

        /// A bar to `value` with the ends of its interval.
        package init(_ value: Double, lower: Double? = nil, upper: Double? = nil) {
            self.value = value
            self.lower = lower
            self.upper = upper
        }

        /// A bar to `value` with an interval of `halfWidth` to each side.
        package init(_ value: Double, halfWidth: Double) {
            self.init(value, lower: value - halfWidth, upper: value + halfWidth)
        }
    }

    package struct Group: Sendable {
        let name: String
        let bars: [Bar?]

        /// A bar for each series in order; nil where there is none.
        package init(_ name: String, _ bars: [Bar?]) {
            self.name = name
            self.bars = bars
        }
    }

    private let title: String
    private let detail: String
    private let axis: Axis
    private let series: [String]
    private let groups: [Group]
    private let references: [LineChart.Reference]

    /// `series` are the names of the bars of a group; one name needs no key.
    ///
    /// The axis begins at 0 unless it says otherwise.
    package init(
        title: String, detail: String = "", axis: Axis, series: [String], groups: [Group],
        references: [LineChart.Reference] = []
    ) {
        self.title = title
        self.detail = detail
        self.axis = axis
        self.series = series
        self.groups = groups
        self.references = references
    }

    package func render(into page: inout PageWriter) {
        let caption = ChartCaption(
            title: title, detail: [axis.title, detail].filter { !$0.isEmpty }.joined(separator: "; "))
        caption.open(&page)
        if series.count > 1 { renderKey(into: &page) }
        var svg = SVGText()
        draw(&svg, page: &page)
        page.markup(svg.text)
        caption.close(&page)
    }

    private func renderKey(into page: inout PageWriter) {
        page.markup("<ul class=\"key\">")
        for (index, name) in series.enumerated() {
            page.markup("<li><span class=\"square \(Palette.colourClass(index))\"></span>")
            page.element("span", name)
            page.markup("</li>")
        }
        page.markup("</ul>\n")
    }

    private static let barHeight = 13.0
    private static let nameHeight = 19.0
    private static let groupGap = 9.0

    private func draw(_ svg: inout SVGText, page: inout PageWriter) {
        let bars = groups.flatMap { $0.bars.compactMap(\.self) }
        let values = bars.flatMap { [$0.value, $0.lower, $0.upper].compactMap(\.self) } + references.map(\.value)
        var open = axis
        if axis.scale == .linear, axis.lower == nil, !values.contains(where: { $0 < 0 }) { open.lower = 0 }
        open.title = ""
        let fitted = open.fitted(to: values + (axis.scale == .linear ? [axis.lower ?? 0] : []), roundsOut: true)
        let rows = groups.reduce(0.0) {
            $0 + Self.nameHeight + Double($1.bars.count) * (Self.barHeight + 3) + Self.groupGap
        }
        let room = (bars.map { SVGText.width(of: axis.format.short($0.value)) }.max() ?? 0) + 12
        let frame = ChartFrame(
            x: fitted, y: Axis(lower: 0, upper: 1).fitted(to: [], roundsOut: false), height: rows + 40, labels: room,
            left: 4)
        frame.open(&svg, title: title, description: description, page: &page, isLine: false)
        drawGrid(&svg, frame)
        var at = frame.top
        for group in groups { draw(group, from: &at, &svg, frame) }
        svg.markup("</svg>\n")
    }

    private func drawGrid(_ svg: inout SVGText, _ frame: ChartFrame) {
        svg.markup("<g aria-hidden=\"true\">")
        for tick in frame.x.ticks {
            guard let x = frame.across(tick.value) else { continue }
            svg.line("grid-line", x, frame.top, x, frame.bottom)
            svg.label(x < 20 ? "" : "mid", x: x, y: frame.bottom + 18, tick.label)
        }
        for reference in references {
            guard let x = frame.across(reference.value), frame.x.contains(reference.value) else { continue }
            svg.line("reference", x, frame.top - 2, x, frame.bottom)
            svg.label("mid", x: x, y: frame.top - 4, reference.name)
        }
        svg.markup("</g>\n")
    }

    private func draw(_ group: Group, from at: inout Double, _ svg: inout SVGText, _ frame: ChartFrame) {
        svg.label("group", x: frame.left, y: at + 14, group.name)
        at += Self.nameHeight
        for (index, bar) in group.bars.enumerated() {
            if let bar { draw(bar, index, at, &svg, frame) }
            at += Self.barHeight + 3
        }
        at += Self.groupGap
    }

    private func draw(_ bar: Bar, _ index: Int, _ at: Double, _ svg: inout SVGText, _ frame: ChartFrame) {
        let zero = frame.across(0).map(frame.clampedAcross) ?? frame.left
        guard let end = frame.across(bar.value).map(frame.clampedAcross) else {
            svg.label("value", x: frame.left + 4, y: at + 11, NumberText.missing)
            return
        }
        svg.markup("<g class=\"\(Palette.colourClass(index))\">")
        svg.rectangle("bar", x: min(zero, end), y: at, width: abs(end - zero), height: Self.barHeight)
        var edge = max(zero, end)
        if let lower = bar.lower.flatMap(frame.across).map(frame.clampedAcross),
            let upper = bar.upper.flatMap(frame.across).map(frame.clampedAcross)
        {
            let middle = at + Self.barHeight / 2
            svg.line("error", lower, middle, upper, middle)
            for x in [lower, upper] { svg.line("error", x, middle - 3.5, x, middle + 3.5) }
            edge = max(edge, upper)
        }
        svg.label("value", x: edge + 5, y: at + 11, axis.format.short(bar.value))
        svg.markup("</g>\n")
    }

    private var description: String {
        groups.map { group in
            let parts = zip(series, group.bars).compactMap { name, bar in
                bar.map { (series.count > 1 ? name + " " : "") + axis.format.short($0.value) }
            }
            return "\(group.name): \(parts.joined(separator: ", "))."
        }.joined(separator: " ")
    }
}
