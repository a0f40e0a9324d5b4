// SPDX-License-Identifier: Apache-2.0

/// The room of a chart: its axes, grid lines and tick labels, and where a value lies in it.
struct ChartFrame {
    static let width = 460.0

    let x: FittedAxis
    let y: FittedAxis
    /// The inner rectangle, where data are drawn.
    let left: Double
    let right: Double
    let top = 12.0
    let bottom: Double
    let height: Double

    /// `labels` is the room that is kept free at the right, `left` that at the left: nil for what the tick labels need.
    init(x: FittedAxis, y: FittedAxis, height: Double, labels: Double, left: Double? = nil) {
        self.x = x
        self.y = y
        self.height = height
        self.left = left ?? min(120, 12 + (y.ticks.map { SVGText.width(of: $0.label) }.max() ?? 0))
        right = Self.width - max(14, min(200, labels))
        bottom = height - (x.axis.title.isEmpty ? 26 : 44)
    }

    /// Where a point of the data lies; nil when an axis has no place for it.
    func place(_ xValue: Double, _ yValue: Double) -> ScreenPoint? {
        guard let across = x.position(xValue), let up = y.position(yValue) else { return nil }
        return ScreenPoint(x: left + across * (right - left), y: bottom - up * (bottom - top))
    }

    /// Where a value lies on the lower axis; nil when it has no place there.
    func across(_ value: Double) -> Double? {
        x.position(value).map { left + $0 * (right - left) }
    }

    /// The same place, moved to the nearer side when it lies outside.
    func clampedAcross(_ place: Double) -> Double {
        max(left, min(right, place))
    }

    /// The same point, moved to the nearest edge when it lies outside.
    func clamped(_ point: ScreenPoint) -> ScreenPoint {
        ScreenPoint(x: clampedAcross(point.x), y: max(top, min(bottom, point.y)))
    }

    /// Opens the drawing: title and description for screen readers, and for lines the ends of the axes for the script.
    func open(
        _ svg: inout SVGText, title: String, description: String, page: inout PageWriter, isLine: Bool
    ) {
        let (titleID, descriptionID) = (page.nextID("t"), page.nextID("d"))
        let number = SVGText.number
        svg.markup("<svg viewBox=\"0 0 \(number(Self.width)) \(number(height))\" role=\"img\" ")
        svg.markup("aria-labelledby=\"\(titleID) \(descriptionID)\"")
        let inner = [left, right, top, bottom].map(number).joined(separator: " ")
        if isLine { svg.markup(" data-in=\"\(inner)\" data-x=\"\(Self.ends(x))\" data-y=\"\(Self.ends(y))\"") }
        svg.markup(">")
        svg.markup("<title id=\"\(titleID)\">\(HTMLText.escape(title))</title>")
        svg.markup("<desc id=\"\(descriptionID)\">\(HTMLText.escape(description))</desc>\n")
    }

    private static func ends(_ axis: FittedAxis) -> String {
        "\(axis.lower) \(axis.upper) \(axis.axis.scale == .logarithmic ? "log" : "lin") \(axis.axis.format.scriptName)"
    }

    /// Grid lines and labels of both axes, and the title of the lower one.
    func drawAxes(_ svg: inout SVGText) {
        svg.markup("<g aria-hidden=\"true\">")
        for tick in y.ticks {
            guard let up = y.position(tick.value) else { continue }
            let at = bottom - up * (bottom - top)
            svg.line("grid-line", left, at, right, at)
            svg.label("end", x: left - 6, y: at + 4, tick.label)
        }
        svg.line("base", left, bottom, right, bottom)
        var free = -Double.infinity
        for tick in x.ticks {
            guard let across = x.position(tick.value) else { continue }
            let (at, half) = (left + across * (right - left), SVGText.width(of: tick.label) / 2)
            svg.line("base", at, bottom, at, bottom + 4)
            guard at - half > free else { continue }
            svg.label("mid", x: at, y: bottom + 18, tick.label)
            free = at + half + 4
        }
        if !x.axis.title.isEmpty { svg.label("mid", x: (left + right) / 2, y: bottom + 37, x.axis.title) }
        svg.markup("</g>\n")
    }
}

extension NumberText {
    /// What the script calls this way of writing numbers.
    var scriptName: String {
        switch self {
        case .number, .unit: "number"
        case .percent: "percent"
        case .bytes: "bytes"
        }
    }
}

/// The title and the small print above a chart or table, in its own frame.
struct ChartCaption {
    let title: String
    let detail: String

    func open(_ page: inout PageWriter) {
        page.markup("<figure>\n<figcaption>")
        page.element("h3", title)
        if !detail.isEmpty { page.element("p", detail) }
        page.markup("</figcaption>\n")
    }

    func close(_ page: inout PageWriter) {
        page.markup("</figure>\n")
    }
}
