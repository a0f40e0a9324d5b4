// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// One line on standard error that shows how far a long job is, how fast it goes and when it will end.
///
/// Where standard error is not a terminal it is silent, so that logs and pipes stay clean, or writes a plain line now and
/// then where `plainEvery` says so. Not for use from several threads.
package struct ProgressBar {
    private let total: Int
    private let unit: String
    private let enabled: Bool
    private let start = ContinuousClock.now
    private var lastDrawn: ContinuousClock.Instant?
    private let initial: Int
    private var done: Int
    private var failed = 0
    private var detail = ""
    private let plainEvery: Duration?

    /// A bar of `total`, of which `initial` were done before and do not count for the pace.
    init(
        total: Int, unit: String, initial: Int = 0, enabled: Bool = isatty(STDERR_FILENO) == 1,
        plainEvery: Duration? = nil
    ) {
        self.plainEvery = plainEvery
        self.total = total
        self.unit = unit
        self.initial = initial
        self.enabled = enabled
        done = initial
    }

    /// Counts one more item and redraws at most ten times a second.
    mutating func advance(failed itemFailed: Bool = false) {
        if itemFailed { failed += 1 }
        move(to: done + 1)
    }

    /// Shows that `count` of all are done and, after the pace, `detail`; redraws at most ten times a second.
    mutating func move(to count: Int, failed: Int? = nil, detail: String = "") {
        done = count
        self.failed = failed ?? self.failed
        self.detail = detail
        let now = ContinuousClock.now
        guard enabled else { return writePlain(now) }
        if done < total, let lastDrawn, now - lastDrawn < .milliseconds(100) { return }
        lastDrawn = now
        write("\r\u{1B}[2K" + text(elapsed: now - start))
    }

    /// A line without a bar, at once and then at every interval and at the end.
    private mutating func writePlain(_ now: ContinuousClock.Instant) {
        guard let plainEvery, now - (lastDrawn ?? start) >= plainEvery || lastDrawn == nil || done == total else {
            return
        }
        lastDrawn = now
        let line = text(elapsed: now - start).drop { $0 == "█" || $0 == "░" || $0 == " " }
        write(line + "\n")
    }

    private func text(elapsed: Duration) -> String {
        Self.line(
            done: done, failed: failed, total: total, unit: unit, elapsed: elapsed, initial: initial, detail: detail)
    }

    /// Ends the line; call once, after the last item or before an error message.
    mutating func finish() {
        if enabled, lastDrawn != nil { write("\n") }
        lastDrawn = nil
    }

    /// The text of the line: a pure function, for tests.
    package static func line(
        done: Int, failed: Int, total: Int, unit: String, elapsed: Duration, initial: Int = 0, detail: String = ""
    ) -> String {
        let width = 28
        let fraction = total == 0 ? 1 : Double(done) / Double(total)
        let filled = Int(fraction * Double(width))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
        let rate = seconds > 0 ? Double(done - initial) / seconds : 0
        var text = "\(bar) \(Int(fraction * 100))%  \(done)/\(total) \(unit)"
        if rate > 0 {
            text += String(format: "  %.1f/s", rate)
            if done < total { text += "  ETA \(clock(Double(total - done) / rate))" }
        }
        if failed > 0 { text += "  \(failed) failed" }
        if !detail.isEmpty { text += "  \(detail)" }
        return text
    }

    private static func clock(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded(.up))
        if whole >= 3600 { return String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60) }
        return String(format: "%d:%02d", whole / 60, whole % 60)
    }

    private func write(_ text: some StringProtocol) {
        FileHandle.standardError.write(Data(String(text).utf8))
    }
}
