// SPDX-License-Identifier: Apache-2.0

import Foundation
import Reports
import Testing

/// Ticks and number texts, seen through the charts that draw them.
@Suite("Axes and numbers")
struct AxisTests {
    /// The texts of a chart of one line through `points`.
    private func labels(_ points: [(Double, Double)], x: Axis = Axis(), y: Axis = Axis()) -> [String] {
        var page = PageWriter()
        LineChart(title: "t", x: x, y: y, series: [.init("", points: points.map { .init($0.0, $0.1) })])
            .render(into: &page)
        return page.html.matches(of: /<text class="(end|mid)"[^>]*>([^<]*)</).map { String($0.2) }
    }

    @Test("The upright axis ends at whole ticks, and the lower one at the data")
    func nicesTicks() {
        #expect(
            labels([(0, 0.13), (97, 0.87)]) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0", "0", "20", "40", "60", "80"])
    }

    @Test("Thousands and millions are shortened, shares are per cent, memory is in powers of 1,024")
    func formats() {
        let large = labels([(0.0, 0.0), (48000, 2.5e6)])
        #expect(large.contains("2M") && large.contains("40k"))
        #expect(labels([(0, 0), (1, 1)], y: Axis(format: .percent)).prefix(3) == ["0%", "20%", "40%"])
        #expect(labels([(0, 0), (1, 1_073_741_824)], y: Axis(format: .bytes)).contains("1 GiB"))
    }

    @Test("A logarithmic axis has ticks at 1, 2 and 5, or at powers of ten when it is long")
    func logarithmic() {
        let axis = Axis(scale: .logarithmic)
        #expect(labels([(1, 0), (50, 1)], x: axis).suffix(6) == ["1", "2", "5", "10", "20", "50"])
        #expect(labels([(0, 1e-5), (1, 1)], y: axis).prefix(2) == ["0.00001", "0.0001"])
    }

    private static let oddPoints: [[(Double, Double)]] = [
        [(0, .nan)], [(.infinity, 1)], [(0, 5), (1, 5)], [(0, -.leastNonzeroMagnitude), (1, .leastNonzeroMagnitude)],
        [(0, -1e300), (1, 1e300)],
        [(0, 1), (1, 1 + .ulpOfOne)], [(1e15, 1), (1e15 + 1, 2)], [],
    ]

    @Test("Values that no axis is made for still make a chart", arguments: oddPoints.indices)
    func survives(index: Int) {
        let points = Self.oddPoints[index]
        let ends: [Double?] = [nil, 0, -7, .nan, .infinity, 1e300]
        for scale in [Axis.Scale.linear, .logarithmic] {
            for end in ends {
                let axis = Axis(scale: scale, lower: end)
                _ = labels(points, x: axis, y: axis)
                _ = labels(points, x: Axis(scale: scale, upper: end), y: Axis(scale: scale, lower: end, upper: end))
            }
        }
    }

    @Test("Numbers are written the same everywhere")
    func numbers() {
        #expect(NumberText.number.fixed(-1234.5678, digits: 2) == "−1,234.57")
        #expect(NumberText.number.fixed(-0.001, digits: 1) == "0.0")
        #expect(NumberText.number.fixed(.nan, digits: 1) == "–")
        #expect(NumberText.percent.fixed(0.5, digits: 1) == "50.0%")
        #expect(NumberText.number.short(0.012345) == "0.0123")
        #expect(NumberText.number.short(9.996) == "10.00" || NumberText.number.short(9.996) == "10.0")
        #expect(NumberText.bytes.short(1536) == "1.5 KiB")
        #expect(NumberText.count(-1_234_567) == "−1,234,567")
        #expect(NumberText.count(Int.min) == "−9,223,372,036,854,775,808")
        #expect(
            ["42 s", "7 min", "3 h 05 min", "2 d 4 h"] == [42, 420, 11_100, 187_200].map { NumberText.duration($0) })
        #expect(NumberText.duration(.infinity) == "–")
    }
}
