// SPDX-License-Identifier: Apache-2.0

private import Foundation

/// The text of one drawing while it is written; lengths are in units of its view box.
struct SVGText {
    private(set) var text = ""

    /// A coordinate with one digit after the point, as short as it can be written.
    static func number(_ value: Double) -> String {
        precondition(value.isFinite, "a coordinate of \(value)")
        let tenths = Int((max(-1e6, min(1e6, value)) * 10).rounded())
        let (whole, rest) = (abs(tenths) / 10, abs(tenths) % 10)
        return (tenths < 0 ? "-" : "") + "\(whole)" + (rest == 0 ? "" : ".\(rest)")
    }

    mutating func markup(_ markup: String) {
        text += markup
    }

    mutating func line(_ name: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) {
        let number = Self.number
        text += "<path class=\"\(name)\" d=\"M\(number(x1)) \(number(y1))L\(number(x2)) \(number(y2))\"/>"
    }

    mutating func rectangle(_ name: String, x: Double, y: Double, width: Double, height: Double) {
        let number = Self.number
        text += "<rect class=\"\(name)\" x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(max(0, width)))\""
        text += " height=\"\(number(max(0, height)))\"/>"
    }

    mutating func circle(_ name: String, x: Double, y: Double, radius: Double) {
        let number = Self.number
        text += "<circle class=\"\(name)\" cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"\(number(radius))\"/>"
    }

    /// Text whose base line begins at x, y; the class says where it is anchored.
    mutating func label(_ name: String, x: Double, y: Double, _ content: String) {
        text += "<text class=\"\(name)\" x=\"\(Self.number(x))\" y=\"\(Self.number(y))\">"
        text += HTMLText.escape(content) + "</text>"
    }

    /// A line through the points.
    mutating func path(_ name: String, _ points: [ScreenPoint]) {
        guard !points.isEmpty else { return }
        text += "<path class=\"\(name)\" d=\"\(Self.data(points))\"/>"
    }

    /// A filled shape with the points as its corners.
    mutating func shape(_ name: String, _ points: [ScreenPoint]) {
        guard points.count > 2 else { return }
        text += "<path class=\"\(name)\" d=\"\(Self.data(points))Z\"/>"
    }

    private static func data(_ points: [ScreenPoint]) -> String {
        var out = ""
        out.reserveCapacity(points.count * 12)
        for (index, point) in points.enumerated() {
            out += (index == 0 ? "M" : "L") + number(point.x) + " " + number(point.y)
        }
        return points.count == 1 ? out + "h0" : out
    }

    /// About how wide `content` is, on the generous side: letters of the size that phones are given.
    static func width(of content: String) -> Double {
        content.unicodeScalars.reduce(0) { $0 + ($1.value < 0x2E80 ? 7.4 : 13.5) }
    }
}

/// A place in a drawing: x to the right, y down.
struct ScreenPoint: Equatable {
    var x: Double
    var y: Double
}
