// SPDX-License-Identifier: Apache-2.0

import Foundation
import Reports
import Testing

/// Whole pages: escaping, well-formedness, self-containment, determinism.
@Suite("Pages of a report")
struct PageTests {
    static let hostile = "<script>alert('x')</script> & \"quotes\" \u{0}\u{FFFF} ünïcode"

    /// A page with every kind of block, its texts all hostile and its numbers not all finite.
    static func page() -> Page {
        let bad = hostile
        var table = Table(title: bad, detail: bad, columns: [.init(bad), .init(bad, digits: 1, best: .highest)])
        table.addPart(bad)
        table.add([.text(bad), .number(.nan, interval: .infinity)])
        let points = [0, 1, 2].map { LineChart.Point($0, $0 == 1 ? .nan : $0, lower: $0 - 1, upper: $0 + 1) }
        var page = Page(title: bad, lead: bad, footer: bad)
        page.add([Paragraph(bad), Note(.warning, title: bad, text: bad), Tiles([.init(bad, value: bad, detail: bad)])])
        page.add(bad, [Facts([(bad, bad)]), Details(bad, text: bad), Fold(bad, [Paragraph(bad)]), table])
        page.add(
            bad,
            [
                Grid([
                    LineChart(
                        title: bad, detail: bad, x: Axis(bad), y: Axis(bad), series: [.init(bad, points: points)],
                        references: [.init(bad, at: 1)]),
                    LineChart(title: bad, series: [.init("<b>", points: points, raw: points)]),
                ]),
                BarChart(
                    title: bad, axis: Axis(bad), series: [bad, bad],
                    groups: [.init(bad, [.init(1, halfWidth: 2), .init(.nan)])], references: [.init(bad, at: 0.5)]),
                HeatMap(
                    title: bad, corner: bad, columns: [bad], rows: [(bad, [.init(.infinity)])],
                    scale: .sequential(lower: 0, upper: 1)),
                ScatterPlot(title: bad, classes: [.init(bad, points: [(0, .nan), (1, 1)]), .init("b", points: [])]),
                ImageStrip(
                    title: bad, rows: [.init(bad, tiles: [.init(EmbeddedImage(png: [1]), caption: bad, mark: .hit)])]),
            ])
        page.add("Third", [Paragraph("a")])
        page.add("Fourth", [Paragraph("a")])
        return page
    }

    @Test("Every text of every block is escaped")
    func escapesEverything() {
        let html = Self.page().html()
        #expect(!html.contains("alert('x')"))
        #expect(!html.contains("<b>"))
        #expect(html.components(separatedBy: "<script").count == 2)
        #expect(html.contains("&lt;script&gt;alert(&#39;x&#39;)"))
        #expect(!html.unicodeScalars.contains { $0.value == 0 || $0.value == 0xFFFF })
    }

    @Test("Elements are closed in the order in which they were opened, and ids differ")
    func isWellFormed() {
        let markup = MarkupReader(Self.page().html())
        #expect(markup.complaints.isEmpty, "\(markup.complaints)")
        #expect(Set(markup.ids).count == markup.ids.count)
        #expect(markup.references.subtracting(markup.ids).isEmpty)
    }

    @Test("Nothing is fetched from anywhere")
    func isSelfContained() {
        let html = Self.page().html()
        let addresses = html.components(separatedBy: "http").dropFirst().map { $0.prefix(24) }
        #expect(addresses.allSatisfy { $0.hasPrefix("://www.w3.org/2000/svg") })
        #expect(!html.contains("@import") && !html.contains("<link") && !html.contains("url("))
    }

    @Test("The same page is the same text, without a number that is none in a coordinate")
    func isDeterministic() {
        let html = Self.page().html()
        #expect(html == Self.page().html())
        #expect(!html.lowercased().contains("\"nan") && !html.contains("nan ") && !html.contains("inf "))
    }

    @Test("It names its language, its width on a phone and both colour schemes")
    func hasHead() {
        let html = Page(title: "a", lead: "b").html()
        for part in ["<html lang=\"en\">", "width=device-width", "prefers-color-scheme:dark", "charset=\"utf-8\""] {
            #expect(html.contains(part), "\(part)")
        }
    }

    @Test("Sections are listed from the fourth on, and those without blocks are left out")
    func listsSections() {
        var page = Page(title: "a", lead: "b")
        for name in ["One", "Two", "Two"] { page.add(name, [Paragraph("x")]) }
        page.add("Empty", [])
        #expect(!page.html().contains("<nav"))
        page.add("Four", [Paragraph("x")])
        let html = page.html()
        #expect(html.contains("href=\"#s-two-2\"") && html.contains("id=\"s-two-2\""))
        #expect(!html.contains("Empty"))
    }
}
