// SPDX-License-Identifier: Apache-2.0

private import Foundation

/// How the numbers of a report are written; the same on every machine, whatever its language.
package enum NumberText: Sendable, Equatable {
    /// A plain number.
    case number
    /// A share of 1, written as per cent.
    case percent
    /// A number of bytes, in KiB, MiB or GiB.
    case bytes
    /// A plain number with a unit behind it.
    case unit(String)

    /// What stands for a number that is none.
    package static let missing = "–"

    /// `value` with `digits` digits after the point; a dash when it is not finite.
    package func fixed(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return Self.missing }
        switch self {
        case .number: return Self.grouped(value, digits: digits)
        case .percent: return Self.grouped(value * 100, digits: digits) + "%"
        case .bytes: return Self.bytes(value, digits: digits)
        case .unit(let unit): return Self.grouped(value, digits: digits) + " " + unit
        }
    }

    /// `value` with about three digits that matter; a dash when it is not finite.
    package func short(_ value: Double) -> String {
        guard value.isFinite else { return Self.missing }
        switch self {
        case .number: return Self.significant(value)
        case .percent: return Self.grouped(value * 100, digits: 1) + "%"
        case .bytes: return Self.bytes(value, digits: 1)
        case .unit(let unit): return Self.significant(value) + " " + unit
        }
    }

    /// Three digits that matter: 0.00123, 4.56, 78.9, 1,234, 5.6e+07.
    private static func significant(_ value: Double) -> String {
        let size = abs(value)
        if size == 0 { return "0" }
        if size < 1e-4 || size >= 1e7 { return String(format: "%.2g", value) }
        return grouped(value, digits: size >= 100 ? 0 : max(0, 2 - Int(log10(size).rounded(.down))))
    }

    /// A fixed number of digits after the point, thousands set apart by commas, never a negative zero.
    static func grouped(_ value: Double, digits: Int) -> String {
        guard abs(value) < 1e15 else { return String(format: "%.3g", value) }
        var text = String(format: "%.\(max(0, min(digits, 17)))f", abs(value))
        let isZero = text.allSatisfy { $0 == "0" || $0 == "." }
        var position = text.firstIndex(of: ".") ?? text.endIndex
        while let next = text.index(position, offsetBy: -3, limitedBy: text.startIndex), next > text.startIndex {
            text.insert(",", at: next)
            position = next
        }
        return (value < 0 && !isZero ? "−" : "") + text
    }

    private static func bytes(_ value: Double, digits: Int) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        var (size, index) = (value, 0)
        while abs(size) >= 1024, index < units.count - 1 { (size, index) = (size / 1024, index + 1) }
        return grouped(size, digits: index == 0 ? 0 : digits) + " " + units[index]
    }

    /// A length of time: "42 s", "7 min", "3 h 05 min", "2 d 4 h"; a dash when it is not finite.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, abs(seconds) < 1e12 else { return missing }
        let whole = Int(max(0, seconds).rounded())
        switch whole {
        case ..<90: return "\(whole) s"
        case ..<5400: return "\((whole + 30) / 60) min"
        case ..<172_800:
            let minutes = (whole + 30) / 60
            return "\(minutes / 60) h " + (minutes % 60 < 10 ? "0" : "") + "\(minutes % 60) min"
        default: return "\(whole / 86400) d \(whole % 86400 / 3600) h"
        }
    }

    /// A whole number with its thousands set apart.
    package static func count(_ value: Int) -> String {
        var text = String(value.magnitude)
        var position = text.endIndex
        while let next = text.index(position, offsetBy: -3, limitedBy: text.startIndex), next > text.startIndex {
            text.insert(",", at: next)
            position = next
        }
        return (value < 0 ? "−" : "") + text
    }
}
