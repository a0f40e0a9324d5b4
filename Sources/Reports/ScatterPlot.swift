// SPDX-License-Identifier: Apache-2.0

/// Points in the plane, coloured by class: a map of embeddings, or one measure against another.
///
/// The first eight classes are discs in eight colours, the next eight squares in the same ones; when there are more, the
/// smallest are drawn together in grey. Points beyond a few thousand are thinned evenly, and the page says so.
package struct ScatterPlot: Block {
    package struct Class: Sendable {
        let name: String
        let points: [(x: Double, y: Double)]

        package init(_ name: String, points: [(Double, Double)]) {
            self.name = name
            self.points = points.map { (x: $0.0, y: $0.1) }
        }
    }

    /// Classes with a colour and shape of their own: 16.
    package static let mostClasses = 16

    private let title: String
    private let detail: String
    private let axes: (x: Axis, y: Axis)?
    private let classes: [Class]
    private let mostPoints: Int

    /// Without axes it is a map: no ticks, and equal distances in both directions.
    package init(
        title: String, detail: String = "", axes: (x: Axis, y: Axis)? = nil, classes: [Class], mostPoints: Int = 4000
    ) {
        self.title = title
        self.detail = detail
        self.axes = axes
        self.classes = classes
        self.mostPoints = mostPoints
    }

    package func render(into page: inout PageWriter) {
        let groups = folded
        let shown = groups.map { thinned($0) }
        let (drawn, all) = (shown.reduce(0) { $0 + $1.points.count }, groups.reduce(0) { $0 + $1.points.count })
        let thinning = drawn < all ? "\(NumberText.count(drawn)) of \(NumberText.count(all)) points" : ""
        let caption = ChartCaption(
            title: title,
            detail: [axes?.y.title ?? "", detail, thinning].filter { !$0.isEmpty }.joined(separator: "; "))
        caption.open(&page)
        renderKey(groups, into: &page)
        var svg = SVGText()
        let frame = makeFrame(shown)
        frame.open(&svg, title: title, description: description(groups), page: &page, isLine: false)
        if axes != nil { frame.drawAxes(&svg) }
        for (index, group) in shown.enumerated() { draw(group, style(index, groups), &svg, frame) }
        svg.markup("</svg>\n")
        page.markup(svg.text)
        caption.close(&page)
    }

    /// The classes that are drawn, of points with a place; the smallest put together when there are too many.
    private var folded: [Class] {
        let placed = classes.map { group in
            Class(group.name, points: group.points.filter { accepts($0.x, $0.y) }.map { ($0.x, $0.y) })
        }
        guard placed.count > Self.mostClasses else { return placed }
        let order = placed.indices.sorted { (-placed[$0].points.count, $0) < (-placed[$1].points.count, $1) }
        let kept = order.prefix(Self.mostClasses - 1).sorted()
        let rest = order.dropFirst(Self.mostClasses - 1).sorted()
        let others = rest.flatMap { placed[$0].points.map { ($0.x, $0.y) } }
        return kept.map { placed[$0] } + [Class("\(rest.count) other classes", points: others)]
    }

    private func accepts(_ x: Double, _ y: Double) -> Bool {
        (axes?.x ?? Axis()).accepts(x) && (axes?.y ?? Axis()).accepts(y)
    }

    /// Each class loses the same share of its points, and keeps at least one.
    private func thinned(_ group: Class) -> Class {
        let all = max(1, classes.reduce(0) { $0 + $1.points.count })
        let share = min(1, Double(mostPoints) / Double(all))
        let most = Int((Double(group.points.count) * share).rounded(.up))
        return Class(group.name, points: Thinning.evenly(group.points, most: most).map { ($0.x, $0.y) })
    }

    private func makeFrame(_ groups: [Class]) -> ChartFrame {
        let points = groups.flatMap(\.points)
        if let axes {
            return ChartFrame(
                x: axes.x.fitted(to: points.map(\.x), roundsOut: true),
                y: axes.y.fitted(to: points.map(\.y), roundsOut: true), height: 340, labels: 14)
        }
        let (x, y) = (
            Axis().fitted(to: points.map(\.x), roundsOut: false), Axis().fitted(to: points.map(\.y), roundsOut: false)
        )
        let inner = (width: ChartFrame.width - 28, height: 400 - 12 - 26.0)
        let scale = max((x.upper - x.lower) / inner.width, (y.upper - y.lower) / inner.height)
        func centred(_ axis: FittedAxis, _ length: Double) -> FittedAxis {
            let (middle, half) = (axis.lower / 2 + axis.upper / 2, scale * length / 2)
            return Axis(lower: middle - half, upper: middle + half).fitted(to: [], roundsOut: false)
        }
        return ChartFrame(
            x: centred(x, inner.width), y: centred(y, inner.height), height: 400, labels: 14, left: 14)
    }

    /// The classes of a group's colour and shape.
    private func style(_ index: Int, _ groups: [Class]) -> (colour: String, isSquare: Bool) {
        let isRest = classes.count > Self.mostClasses && index == groups.count - 1
        return (isRest ? "rest" : Palette.colourClass(index), !isRest && index >= Palette.series.count)
    }

    private func draw(
        _ group: Class, _ style: (colour: String, isSquare: Bool), _ svg: inout SVGText, _ frame: ChartFrame
    ) {
        let places = group.points.compactMap { frame.place($0.x, $0.y) }
        guard !places.isEmpty else { return }
        let classes = (style.isSquare ? " square" : "") + (places.count <= 12 ? " few" : "")
        svg.markup("<path class=\"cloud\(classes) \(style.colour)\" d=\"")
        for place in places { svg.markup("M\(SVGText.number(place.x)) \(SVGText.number(place.y))h0") }
        svg.markup("\"/>\n")
    }

    private func renderKey(_ groups: [Class], into page: inout PageWriter) {
        guard groups.count > 1 else { return }
        page.markup("<ul class=\"key\">")
        for (index, group) in groups.enumerated() {
            let style = style(index, groups)
            page.markup("<li><span class=\"\(style.isSquare ? "square" : "round") \(style.colour)\"></span>")
            page.element("span", "\(group.name) (\(NumberText.count(group.points.count)))")
            page.markup("</li>")
        }
        page.markup("</ul>\n")
    }

    private func description(_ groups: [Class]) -> String {
        let parts = groups.map { "\($0.name), \($0.points.count)" }
        return "Points by class: \(parts.joined(separator: "; "))."
    }
}
