// SPDX-License-Identifier: Apache-2.0

/// Names and what they stand for, such as settings and where data came from.
package struct Facts: Block {
    private let items: [(name: String, value: String)]

    package init(_ items: [(String, String)]) {
        self.items = items.map { (name: $0.0, value: $0.1) }
    }

    package func render(into page: inout PageWriter) {
        guard !items.isEmpty else { return }
        page.markup("<dl class=\"facts\">\n")
        for item in items {
            page.markup("<div>")
            page.element("dt", item.name)
            page.element("dd", item.value)
            page.markup("</div>\n")
        }
        page.markup("</dl>\n")
    }
}

/// A few numbers that a reader should see first, large.
package struct Tiles: Block {
    package struct Tile: Sendable {
        let label: String
        let value: String
        let detail: String

        /// `value` is shown large under `label`; `detail` explains it in a few words.
        package init(_ label: String, value: String, detail: String = "") {
            self.label = label
            self.value = value
            self.detail = detail
        }
    }

    private let tiles: [Tile]

    package init(_ tiles: [Tile]) {
        self.tiles = tiles
    }

    package func render(into page: inout PageWriter) {
        guard !tiles.isEmpty else { return }
        page.markup("<dl class=\"tiles\">\n")
        for tile in tiles {
            page.markup("<div>")
            page.element("dt", tile.label)
            page.element("dd", tile.value)
            if !tile.detail.isEmpty { page.element("dd", tile.detail, attributes: " class=\"detail\"") }
            page.markup("</div>\n")
        }
        page.markup("</dl>\n")
    }
}

/// Preformatted text behind a line that opens it: commands, seeds, digests.
package struct Details: Block {
    private let summary: String
    private let text: String
    private let isOpen: Bool

    package init(_ summary: String, text: String, isOpen: Bool = false) {
        self.summary = summary
        self.text = text
        self.isOpen = isOpen
    }

    package func render(into page: inout PageWriter) {
        page.markup(isOpen ? "<details open>" : "<details>")
        page.element("summary", summary)
        page.markup("<pre tabindex=\"0\">")
        page.element("code", text)
        page.markup("</pre></details>\n")
    }
}

/// Blocks behind a line that opens them.
package struct Fold: Block {
    private let summary: String
    private let blocks: [any Block]
    private let isOpen: Bool

    package init(_ summary: String, isOpen: Bool = false, _ blocks: [any Block]) {
        self.summary = summary
        self.blocks = blocks
        self.isOpen = isOpen
    }

    package func render(into page: inout PageWriter) {
        page.markup(isOpen ? "<details open>" : "<details>")
        page.element("summary", summary)
        page.markup("\n")
        for block in blocks { block.render(into: &page) }
        page.markup("</details>\n")
    }
}
