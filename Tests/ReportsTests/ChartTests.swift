// SPDX-License-Identifier: Apache-2.0

import Foundation
import Reports
import Testing

/// What charts draw.
@Suite("Charts of a report")
struct ChartTests {
    private func html(_ block: some Block) -> String {
        var page = PageWriter()
        block.render(into: &page)
        return page.html
    }

    private struct Place {
        let x: Double
        let y: Double
    }

    /// The points of every path of a class.
    private func paths(_ html: String, class name: String) -> [[Place]] {
        var found: [[Place]] = []
        for path in html.matches(of: /<path class="([^"]*)" d="([^"]*)"/) {
            guard path.1.split(separator: " ").contains(Substring(name)) else { continue }
            let points = path.2.matches(of: /([-\d.]+) ([-\d.]+)/)
            found.append(points.map { Place(x: Double($0.1) ?? .nan, y: Double($0.2) ?? .nan) })
        }
        return found
    }

    @Test("Thousands of points are thinned without losing a peak")
    func thins() {
        var points = (0..<20_000).map { LineChart.Point(Double($0), sin(Double($0))) }
        points[7_777].y = 100
        points[12_345].y = -100
        let line = paths(html(LineChart(title: "t", series: [.init("a", points: points)])), class: "line")
        let ys = line[0].map(\.y)
        #expect(line.count == 1 && line[0].count < 2_000)
        let plain = paths(
            html(LineChart(title: "t", series: [.init("a", points: [.init(0, 100), .init(1, -100)])])), class: "line")
        #expect(ys.min() == plain[0][0].y && ys.max() == plain[0][1].y)
    }

    @Test("A number that is none leaves a gap, and so does zero on a logarithmic axis")
    func leavesGaps() {
        let points = [1.0, 2, .nan, 3, .infinity, 4].enumerated().map { LineChart.Point(Double($0.offset), $0.element) }
        #expect(
            paths(html(LineChart(title: "t", series: [.init("a", points: points)])), class: "line").map(\.count) == [
                2, 1, 1,
            ])
        let log = [1.0, 0, 10].enumerated().map { LineChart.Point(Double($0.offset), $0.element) }
        let chart = LineChart(title: "t", y: Axis(scale: .logarithmic), series: [.init("a", points: log)])
        #expect(paths(html(chart), class: "line").count == 2)
    }

    @Test("Lines are drawn inside the frame even where the axis ends before them")
    func clamps() {
        let chart = LineChart(
            title: "t", y: Axis(lower: 0, upper: 1), series: [.init("a", points: [.init(0, -50), .init(1, 50)])])
        let line = paths(html(chart), class: "line")[0]
        #expect(line.allSatisfy { (0...280).contains($0.y) })
    }

    @Test("Short names stand beside their lines and apart from each other; long ones are in a key")
    func namesLines() throws {
        for far in [1.0, -1] {
            let ends = (0..<6).map { number in
                LineChart.Series("run \(number)", points: [.init(0, 0), .init(1, far + Double(number) / 1e4)])
            }
            let near = html(LineChart(title: "t", series: ends))
            let labels = near.matches(of: /<text class="name" x="[^"]*" y="([-\d.]+)"/)
            let heights = labels.compactMap { Double($0.1) }.sorted()
            #expect(heights.count == 6 && !near.contains("class=\"key\""))
            #expect(zip(heights, heights.dropFirst()).allSatisfy { $1 - $0 >= 13.9 })
            #expect(heights.allSatisfy { (12.0...270).contains($0) }, "\(heights)")
        }
        let long = html(LineChart(title: "t", series: [.init("a name that is far too long", points: [.init(0, 0)])]))
        #expect(long.contains("class=\"key\"") && !long.contains("class=\"name\""))
    }

    @Test("A chart tells in words what it shows")
    func describes() {
        let chart = LineChart(
            title: "Loss", series: [.init("color", points: [.init(0, 4), .init(1, 1.5), .init(2, 2)])])
        #expect(html(chart).contains("color: from 4.00 to 2.00, between 1.50 and 4.00."))
        #expect(html(LineChart(title: "t", series: [])).contains("No numbers to draw."))
    }

    @Test("A bar is as long as its number, with its interval and its number beside it")
    func drawsBars() {
        let chart = BarChart(
            title: "t", axis: Axis(upper: 10), series: ["a"],
            groups: [.init("one", [.init(5, halfWidth: 1)]), .init("two", [.init(10)]), .init("three", [nil])])
        let widths = html(chart).matches(of: /<rect class="bar"[^>]*width="([\d.]+)"/).compactMap { Double($0.1) }
        #expect(widths.count == 2 && abs(widths[0] * 2 - widths[1]) < 0.3)
        #expect(html(chart).matches(of: /class="error"/).count == 3)
        #expect(html(chart).contains(">5.00</text>"))
    }

    @Test("The best number of a column is marked, with those that look the same, and none that is no number")
    func marksBest() {
        var table = Table(
            title: "t",
            columns: [.init("n"), .init("up", digits: 1, best: .highest), .init("down", digits: 0, best: .lowest)])
        table.add([.text("a"), .number(1.01), .number(3)])
        table.add([.text("b"), .number(0.98), .number(.nan)])
        table.add([.text("c"), .number(0.5), .number(2)])
        let marked = html(table).matches(of: /<td class="n best">([^<]*)</).map { String($0.1) }
        #expect(marked == ["1.0", "1.0", "2"])
    }

    @Test("A heat map's colours are as strong as its numbers, and go both ways from the middle")
    func shades() {
        let map = HeatMap(
            title: "t", columns: ["a", "b", "c"], rows: [("r", [.init(-10), .init(0), .init(5, isMarked: true)])],
            scale: .diverging(middle: 0, reach: 10), digits: 0)
        let cells = html(map).matches(of: /<td( class="[a-z ]+")? style="--a:([\d.]+)">([^<]*)</).map {
            "\($0.1 ?? "") \($0.2) \($0.3)"
        }
        #expect(cells == [" class=\"low\" 1.00 −10", " 0.00 0", " class=\"mark\" 0.50 5"])
    }

    @Test("A map draws every class once, thins evenly and puts the smallest classes together")
    func drawsMaps() {
        let classes = (0..<20).map { number in
            ScatterPlot.Class("class \(number)", points: (0...number * 30).map { (Double($0), Double(number)) })
        }
        let text = html(ScatterPlot(title: "t", classes: classes, mostPoints: 1_000))
        let clouds = text.matches(of: /class="cloud[^"]*" d="([^"]*)"/).map { $0.1.count { $0 == "M" } }
        #expect(clouds.count == ScatterPlot.mostClasses)
        #expect((1_000...1_020).contains(clouds.reduce(0, +)))
        #expect(text.contains("5 other classes (305)"))
    }
}
