// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// How far a run is, after every step.
package struct TrainingProgress: Sendable {
    package let steps: Int
    package let total: Int
    /// The last record of the log; nil before the first.
    package let latest: TrainingRecord?
    /// Steps a second since this program started.
    package let pace: Double

    /// Loss and same-image accuracy by space, and images a second, in few words.
    package var text: String {
        guard let latest else { return "" }
        let spaces = latest.spaceLosses.sorted { order($0.key) < order($1.key) }.map { name, loss in
            let accuracy = latest.accuracy[name].map { String(format: "/%.0f%%", 100 * $0) } ?? ""
            return name + String(format: " %.2f", loss) + accuracy
        }
        return (spaces + [String(format: "%.0f images/s", latest.samplesPerSecond)]).joined(separator: "  ")
    }

    /// Time to the end at this pace, as in `1:02:03`.
    package var remaining: String {
        let seconds = pace > 0 ? Int(Double(total - steps) / pace) : 0
        return String(format: "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }

    private func order(_ name: String) -> String { name == "invariant" ? "" : name }
}
