// SPDX-License-Identifier: Apache-2.0

internal import Telemetry

/// Text in Prometheus's exposition format 0.0.4.
///
/// Label values are ours, or names that a model's folder has: never a payload's.
struct MetricsPage {
    private(set) var text = ""

    mutating func family(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    mutating func sample(_ name: String, _ labels: [(String, String)], _ value: some CustomStringConvertible) {
        let list = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
        text += list.isEmpty ? "\(name) \(value)\n" : "\(name){\(list)} \(value)\n"
    }

    mutating func counter(_ name: String, _ help: String, _ value: some CustomStringConvertible) {
        family(name, "counter", help)
        sample(name, [], value)
    }

    mutating func gauge(_ name: String, _ help: String, _ value: some CustomStringConvertible) {
        family(name, "gauge", help)
        sample(name, [], value)
    }

    /// One family with a histogram for each of `series`, or one without labels.
    mutating func histogram(_ name: String, _ help: String, _ series: [(labels: [(String, String)], of: Histogram)]) {
        guard !series.isEmpty else { return }
        family(name, "histogram", help)
        for (labels, histogram) in series { write(name, labels, histogram) }
    }

    mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
        self.histogram(name, help, [([], histogram)])
    }

    private mutating func write(_ name: String, _ labels: [(String, String)], _ histogram: Histogram) {
        let snapshot = histogram.snapshot
        var cumulative = 0
        for (bound, count) in zip(histogram.bounds, snapshot.counts) {
            cumulative += count
            sample(name + "_bucket", labels + [("le", bound.description)], cumulative)
        }
        sample(name + "_bucket", labels + [("le", "+Inf")], snapshot.total)
        sample(name + "_sum", labels, snapshot.sum)
        sample(name + "_count", labels, snapshot.total)
    }

    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x22 || $0 == 0x5C || $0 == 0x0A }) else { return text }
        return text.reduce(into: "") { out, character in
            switch character {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            default: out.append(character)
            }
        }
    }
}
