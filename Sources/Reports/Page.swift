// SPDX-License-Identifier: Apache-2.0

/// A report: one HTML file that needs nothing else, light or dark as the reader's system is.
///
/// Everything is readable without scripts; the few lines of script only show values under the pointer. The same page
/// always becomes the same bytes.
///
///     var page = Page(title: "Training of house-v1", lead: "It went well.")
///     page.add("Curves", [Grid([LineChart(title: "Loss", series: [.init("all", points: points)])])])
///     let html = page.html()
package struct Page: Sendable {
    private struct Section: Sendable {
        let title: String
        let blocks: [any Block]
    }

    private let title: String
    private let lead: String
    private let footer: String
    private var opening: [any Block] = []
    private var sections: [Section] = []

    /// `lead` is the plain summary under the title; `footer` the small print at the end.
    package init(title: String, lead: String, footer: String = "") {
        self.title = title
        self.lead = lead
        self.footer = footer
    }

    /// Adds blocks above the first section.
    package mutating func add(_ blocks: [any Block]) {
        opening += blocks
    }

    /// Adds a section; one without blocks is left out.
    package mutating func add(_ title: String, _ blocks: [any Block]) {
        guard !blocks.isEmpty else { return }
        sections.append(Section(title: title, blocks: blocks))
    }

    /// The whole file as text, to be written as UTF-8.
    package func html() -> String {
        var page = PageWriter()
        page.markup("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        page.markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        page.markup("<meta name=\"color-scheme\" content=\"light dark\">\n")
        page.element("title", title)
        page.markup("\n<style>\n\(PageStyle.text)</style>\n</head>\n<body>\n<main>\n<header>\n")
        page.element("h1", title)
        page.element("p", lead, attributes: " class=\"lead\"")
        page.markup("\n</header>\n")
        for block in opening { block.render(into: &page) }
        renderSections(into: &page)
        if !footer.isEmpty {
            page.element("footer", footer)
            page.markup("\n")
        }
        page.markup("</main>\n<script>\n\(PageScript.text)</script>\n</body>\n</html>\n")
        return page.html
    }

    private func renderSections(into page: inout PageWriter) {
        let ids = Self.ids(sections.map(\.title))
        if sections.count > 3 {
            page.markup("<nav aria-label=\"Sections\">")
            for (id, section) in zip(ids, sections) {
                page.element("a", section.title, attributes: " href=\"#\(id)\"")
            }
            page.markup("</nav>\n")
        }
        for (id, section) in zip(ids, sections) {
            page.markup("<section aria-labelledby=\"\(id)\">\n")
            page.element("h2", section.title, attributes: " id=\"\(id)\"")
            page.markup("\n")
            for block in section.blocks { block.render(into: &page) }
            page.markup("</section>\n")
        }
    }

    /// A different id for each title.
    private static func ids(_ titles: [String]) -> [String] {
        var seen: Set<String> = []
        return titles.map { title in
            let slug = "s-" + HTMLText.slug(title)
            var (id, number) = (slug, 2)
            while !seen.insert(id).inserted { (id, number) = ("\(slug)-\(number)", number + 1) }
            return id
        }
    }
}
