// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation
internal import Logging

/// The program's log on standard error, a line an event, as text or as JSON.
///
/// Payloads, header values and raw targets are never logged.
package struct LogWriter: Sendable {
    private let logger: Logger

    /// - Throws: when `format` is neither `text` nor `json`.
    package init(format: String) throws {
        guard format == "text" || format == "json" else {
            throw ValidationError("log-format is 'text' or 'json', not '\(format)'.")
        }
        logger = Logger(label: "facet") { _ in LineHandler(json: format == "json") }
    }

    func notice(_ message: String, _ fields: [String: String] = [:]) {
        logger.notice("\(message)", metadata: fields.mapValues { .string($0) })
    }

    func warning(_ message: String, _ fields: [String: String] = [:]) {
        logger.warning("\(message)", metadata: fields.mapValues { .string($0) })
    }
}

/// Writes each event with one system call.
private struct LineHandler: LogHandler {
    let json: Bool
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    init(json: Bool) {
        self.json = json
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }
            .map { ($0.key, "\($0.value)") }.sorted { $0.0 < $1.0 }
        let time = Date().formatted(.iso8601)
        let line = json ? jsonLine(time, event, fields) : textLine(time, event, fields)
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    private func textLine(_ time: String, _ event: LogEvent, _ fields: [(String, String)]) -> String {
        let tail = fields.map { " \($0.0)=\($0.1)" }.joined()
        return "\(time) \(event.level) \(event.message)\(tail)"
    }

    private func jsonLine(_ time: String, _ event: LogEvent, _ fields: [(String, String)]) -> String {
        var object = Dictionary(uniqueKeysWithValues: fields)
        object["time"] = time
        object["level"] = event.level.rawValue
        object["message"] = event.message.description
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(object)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
