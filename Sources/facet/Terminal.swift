// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// What the place that output goes to can show.
package struct Terminal: Sendable {
    /// Whether a person looks at it, and not a file or another program.
    package let isInteractive: Bool
    /// Whether colours may be used: only on a terminal that can, and not where `NO_COLOR` is set (no-color.org).
    package let hasColours: Bool
    /// Characters in a line; 80 where that is not known.
    package let columns: Int

    package init(
        descriptor: Int32, environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.init(
            isInteractive: isatty(descriptor) == 1, environment: environment, measured: Self.measure(descriptor))
    }

    /// The rules alone, for tests.
    package init(isInteractive: Bool, environment: [String: String], measured: Int?) {
        self.isInteractive = isInteractive
        hasColours = isInteractive && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        let told = environment["COLUMNS"].flatMap { Int($0) }
        columns = min(max((isInteractive ? measured : nil) ?? told ?? 80, 40), 500)
    }

    static let output = Terminal(descriptor: STDOUT_FILENO)

    private static func measure(_ descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    package enum Style: Int, Sendable {
        case bold = 1
        case faint = 2
        case red = 31
        case green = 32
        case yellow = 33
    }

    /// `text` in that style where colours may be used, else `text`.
    package func styled(_ text: String, _ style: Style) -> String {
        hasColours ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// `text` broken into lines of at most `columns`, paragraph by paragraph.
    ///
    /// A paragraph that begins with a space is an example and stays as it is.
    package static func wrap(_ text: String, columns: Int) -> String {
        text.components(separatedBy: "\n\n").map { paragraph in
            if paragraph.hasPrefix(" ") { return paragraph }
            var lines: [String] = []
            for word in paragraph.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
                if let last = lines.last, last.count + 1 + word.count <= columns {
                    lines[lines.count - 1] = last + " " + word
                } else {
                    lines.append(String(word))
                }
            }
            return lines.joined(separator: "\n")
        }.joined(separator: "\n\n")
    }
}
