// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation

/// Where a setting's value comes from: the flag, else the environment, else the configuration file, else the default.
///
/// `--queue-images 64`, `FACET_QUEUE_IMAGES=64` and `queue-images = 64` in the file mean the same.
package struct Settings {
    private let environment: [String: String]
    private let file: [String: String]
    private let path: String?

    package init(configuration path: String?, environment: [String: String] = ProcessInfo.processInfo.environment)
        throws
    {
        self.environment = environment
        self.path = path ?? environment["FACET_CONFIG"]
        file = try self.path.map(Self.read) ?? [:]
    }

    /// The value for `name` as the flag spells it, without dashes.
    package func text(_ name: String, _ flag: String?) -> String? {
        flag ?? environment[Self.variable(name)] ?? file[name]
    }

    package func text(_ name: String, _ flag: String?, default fallback: String) -> String {
        text(name, flag) ?? fallback
    }

    /// A whole number within `range`.
    package func number(_ name: String, _ flag: Int?, default fallback: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let text = text(name, flag.map(String.init)) else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw ValidationError(
                "'\(name)' must be a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'.")
        }
        return value
    }

    /// Refuses keys in the file that no setting has, so that a misspelt one is found.
    package func checkNames(_ known: [String]) throws {
        for key in file.keys.sorted() where !known.contains(key) {
            throw ValidationError(
                "\(path ?? "the configuration file"): unknown setting '\(key)'. Known: \(known.joined(separator: ", "))."
            )
        }
    }

    /// `queue-images` to `FACET_QUEUE_IMAGES`.
    package static func variable(_ name: String) -> String {
        "FACET_" + name.uppercased().replacingOccurrences(of: "-", with: "_")
    }

    /// Lines of `name = value`; `#` starts a comment.
    package static func parse(_ text: String) throws -> [String: String] {
        var values: [String: String] = [:]
        for (number, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = raw.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
            if line.isEmpty { continue }
            let parts = line.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2, !parts[0].isEmpty else {
                throw ValidationError("line \(number + 1) is not 'name = value': \(line)")
            }
            values[parts[0]] = parts[1].trimmingCharacters(in: CharacterSet(charactersIn: "\""))
        }
        return values
    }

    private static func read(_ path: String) throws -> [String: String] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw ValidationError("cannot read the configuration file \(path)")
        }
        return try parse(text)
    }
}
