// SPDX-License-Identifier: Apache-2.0

/// A part of a page: a paragraph, a table, a chart.
package protocol Block: Sendable {
    /// Writes its HTML; the same value always writes the same text.
    func render(into page: inout PageWriter)
}

/// The text of a page while it is written.
package struct PageWriter: Sendable {
    package private(set) var html = ""
    private var lastID = 0

    package init() {}

    /// Adds markup as it is.
    package mutating func markup(_ text: String) {
        html += text
    }

    /// Adds an element that holds text, which is escaped; `attributes` are markup and begin with a space.
    package mutating func element(_ name: String, _ text: String, attributes: String = "") {
        html += "<\(name)\(attributes)>\(HTMLText.escape(text))</\(name)>"
    }

    /// An id that no other element of the page has.
    package mutating func nextID(_ prefix: String) -> String {
        lastID += 1
        return "\(prefix)\(lastID)"
    }
}

/// A paragraph of plain text.
package struct Paragraph: Block {
    private let text: String

    package init(_ text: String) {
        self.text = text
    }

    package func render(into page: inout PageWriter) {
        page.element("p", text)
        page.markup("\n")
    }
}

/// A framed remark that must not be overlooked.
package struct Note: Block {
    package enum Kind: String, Sendable {
        case info, good, warning
    }

    private let kind: Kind
    private let title: String
    private let text: String

    package init(_ kind: Kind, title: String, text: String) {
        self.kind = kind
        self.title = title
        self.text = text
    }

    package func render(into page: inout PageWriter) {
        page.markup("<div class=\"note \(kind.rawValue)\" role=\"note\">")
        page.element("strong", title)
        page.markup(" ")
        page.element("span", text)
        page.markup("</div>\n")
    }
}

/// Blocks side by side where the window is wide enough, and below each other where it is not.
package struct Grid: Block {
    private let blocks: [any Block]

    package init(_ blocks: [any Block]) {
        self.blocks = blocks
    }

    package func render(into page: inout PageWriter) {
        guard !blocks.isEmpty else { return }
        page.markup("<div class=\"grid\">\n")
        for block in blocks { block.render(into: &page) }
        page.markup("</div>\n")
    }
}
