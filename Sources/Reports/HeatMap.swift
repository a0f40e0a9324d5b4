// SPDX-License-Identifier: Apache-2.0

private import Foundation

/// A table of numbers whose cells are coloured by their value, with the number in each.
///
/// It is a table also for screen readers, and scrolls sideways where it is wider than the screen. The colours are faint
/// enough for the numbers to be read on all of them.
package struct HeatMap: Block {
    /// Which value has which colour.
    package enum Scale: Sendable, Equatable {
        /// From no colour at `lower` to the full one at `upper`.
        case sequential(lower: Double, upper: Double)
        /// No colour at `middle`; one hue up to `reach` above it, another one as far below.
        case diverging(middle: Double, reach: Double)
    }

    package struct Cell: Sendable, Equatable {
        let value: Double?
        let isMarked: Bool

        /// A cell with a number or, for nil, none; a marked one has a frame.
        package init(_ value: Double?, isMarked: Bool = false) {
            self.value = value
            self.isMarked = isMarked
        }
    }

    private let title: String
    private let detail: String
    private let corner: String
    private let columns: [String]
    private let rows: [(name: String, cells: [Cell])]
    private let scale: Scale
    private let format: NumberText
    private let digits: Int

    /// Every row has a cell for each column; `corner` says what the rows and columns are.
    package init(
        title: String, detail: String = "", corner: String = "", columns: [String], rows: [(String, [Cell])],
        scale: Scale, format: NumberText = .number, digits: Int = 2
    ) {
        for row in rows {
            precondition(row.1.count == columns.count, "\(row.1.count) cells for \(columns.count) columns")
        }
        self.title = title
        self.detail = detail
        self.corner = corner
        self.columns = columns
        self.rows = rows.map { (name: $0.0, cells: $0.1) }
        self.scale = scale
        self.format = format
        self.digits = digits
    }

    package func render(into page: inout PageWriter) {
        let caption = ChartCaption(title: title, detail: detail)
        caption.open(&page)
        page.markup("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(HTMLText.escape(title))\">")
        page.markup("<table class=\"heat\">\n<thead><tr>")
        page.element("th", corner, attributes: " scope=\"col\"")
        for column in columns { page.element("th", column, attributes: " scope=\"col\"") }
        page.markup("</tr></thead>\n<tbody>\n")
        for row in rows {
            page.markup("<tr>")
            page.element("th", row.name, attributes: " scope=\"row\"")
            for cell in row.cells { render(cell, into: &page) }
            page.markup("</tr>\n")
        }
        page.markup("</tbody></table></div>\n")
        renderScale(into: &page)
        caption.close(&page)
    }

    private func render(_ cell: Cell, into page: inout PageWriter) {
        guard let value = cell.value, value.isFinite else {
            page.element("td", NumberText.missing)
            return
        }
        let shade = self.shade(value)
        let classes = [shade < 0 ? "low" : "", cell.isMarked ? "mark" : ""].filter { !$0.isEmpty }
        let names = classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\""
        let strength = String(format: "%.2f", abs(shade))
        page.element("td", format.fixed(value, digits: digits), attributes: "\(names) style=\"--a:\(strength)\"")
    }

    /// The strength of a cell's colour, 0...1; below 0 for the hue of low values.
    private func shade(_ value: Double) -> Double {
        switch scale {
        case .sequential(let lower, let upper):
            return upper > lower ? max(0, min(1, (value - lower) / (upper - lower))) : 0
        case .diverging(let middle, let reach): return reach > 0 ? max(-1, min(1, (value - middle) / reach)) : 0
        }
    }

    private func renderScale(into page: inout PageWriter) {
        let ends: (Double, Double)
        switch scale {
        case .sequential(let lower, let upper): ends = (lower, upper)
        case .diverging(let middle, let reach): ends = (middle - reach, middle + reach)
        }
        let isTwoSided = if case .diverging = scale { true } else { false }
        page.markup("<div class=\"scale\(isTwoSided ? " two" : "")\">")
        page.element("span", format.fixed(ends.0, digits: digits))
        page.markup("<i></i>")
        page.element("span", format.fixed(ends.1, digits: digits))
        page.markup("</div>\n")
    }
}
