// SPDX-License-Identifier: Apache-2.0

/// A table: text to the left, numbers to the right, and the best number of a column in bold.
package struct Table: Block {
    /// Which number of a column is the one to point out.
    package enum Best: Sendable {
        case none, highest, lowest
    }

    package struct Column: Sendable {
        let title: String
        let isNumeric: Bool
        let format: NumberText
        let digits: Int
        let best: Best

        /// A column of text.
        package init(_ title: String) {
            (self.title, isNumeric, format, digits, best) = (title, false, .number, 0, .none)
        }

        /// A column of numbers, each with `digits` digits after the point.
        package init(_ title: String, format: NumberText = .number, digits: Int, best: Best = .none) {
            self.title = title
            isNumeric = true
            self.format = format
            self.digits = digits
            self.best = best
        }
    }

    package enum Cell: Sendable, Equatable {
        case text(String)
        /// A number, with half the width of its interval where it has one.
        case number(Double, interval: Double? = nil)
        case empty
    }

    private enum Row: Sendable {
        case part(String)
        case cells([Cell])

        var isPart: Bool {
            if case .part = self { true } else { false }
        }
    }

    private let title: String
    private let detail: String
    private let columns: [Column]
    private var rows: [Row] = []

    package init(title: String, detail: String = "", columns: [Column]) {
        self.title = title
        self.detail = detail
        self.columns = columns
    }

    /// Adds a row; there must be a cell for each column.
    ///
    /// The first cell names the row.
    package mutating func add(_ cells: [Cell]) {
        precondition(cells.count == columns.count, "\(cells.count) cells for \(columns.count) columns")
        rows.append(.cells(cells))
    }

    /// Adds a heading across the table; the best number is looked for over all parts together.
    package mutating func addPart(_ title: String) {
        rows.append(.part(title))
    }

    package func render(into page: inout PageWriter) {
        let caption = ChartCaption(title: title, detail: detail)
        caption.open(&page)
        page.markup("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(HTMLText.escape(title))\">")
        page.markup("<table>\n<thead><tr>")
        for column in columns {
            page.element("th", column.title, attributes: " scope=\"col\"\(column.isNumeric ? " class=\"n\"" : "")")
        }
        page.markup("</tr></thead>\n<tbody>\n")
        let best = columns.indices.map(bestText)
        for row in rows { render(row, best, into: &page) }
        page.markup("</tbody></table></div>\n")
        caption.close(&page)
    }

    private func render(_ row: Row, _ best: [String?], into page: inout PageWriter) {
        page.markup(row.isPart ? "<tr class=\"part\">" : "<tr>")
        switch row {
        case .part(let title):
            page.element("th", title, attributes: " scope=\"colgroup\" colspan=\"\(columns.count)\"")
        case .cells(let cells):
            for index in columns.indices { render(cells[index], index, best[index], into: &page) }
        }
        page.markup("</tr>\n")
    }

    private func render(_ cell: Cell, _ index: Int, _ best: String?, into page: inout PageWriter) {
        let column = columns[index]
        switch cell {
        case .text(let text) where index == 0: page.element("th", text, attributes: " scope=\"row\"")
        case .text(let text): page.element("td", text, attributes: column.isNumeric ? " class=\"n\"" : "")
        case .empty: page.markup("<td></td>")
        case .number(let value, let interval):
            let text = column.format.fixed(value, digits: column.digits)
            page.markup(value.isFinite && text == best ? "<td class=\"n best\">" : "<td class=\"n\">")
            page.markup(HTMLText.escape(text))
            if let interval {
                page.markup(" ")
                page.element("small", "±" + column.format.fixed(interval, digits: column.digits))
            }
            page.markup("</td>")
        }
    }

    /// The best number of a column as it is written, so that all that look the same are marked; nil for none.
    private func bestText(_ index: Int) -> String? {
        let column = columns[index]
        let values = rows.compactMap { row -> Double? in
            guard case .cells(let cells) = row, case .number(let value, _) = cells[index], value.isFinite else {
                return nil
            }
            return value
        }
        let best = column.best == .highest ? values.max() : column.best == .lowest ? values.min() : nil
        guard values.count > 1 else { return nil }
        return best.map { column.format.fixed($0, digits: column.digits) }
    }
}
