// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A manual page in the macros of man(7), made from what the argument parser says about the commands.
package struct ManPage {
    package let text: String

    /// `toolInfo` is the JSON of the parser's `--experimental-dump-help`; throws where it cannot be read.
    package init(toolInfo: String, version: String) throws {
        let root = try JSONDecoder().decode(ToolInfo.self, from: Data(toolInfo.utf8)).command
        var page = ManWriter()
        page.macro("TH", "FACET", "1", "", "facet \(version)", "Facet")
        page.section("NAME")
        page.line("facet \\- \(ManWriter.escape(Self.sentence(root.abstract)))")
        page.section("SYNOPSIS")
        page.macro("B", "facet")
        page.line("\\fICOMMAND\\fR [\\fIFLAGS\\fR] [\\fIARGUMENTS\\fR]")
        page.section("DESCRIPTION")
        page.body(root.discussion ?? "")
        page.section("COMMANDS")
        for command in root.subcommands ?? [] where command.commandName != "help" {
            Self.write(command, path: "facet", to: &page)
        }
        for topic in HelpTopic.allCases {
            page.section("ON " + topic.rawValue.uppercased())
            page.body(topic.text)
        }
        page.section("SEE ALSO")
        page.line("openapi.yaml, README.md and deploy/docs of the source tree; /docs of a running server.")
        text = page.text
    }

    private static func write(_ command: CommandInfo, path: String, to page: inout ManWriter) {
        let name = path + " " + command.commandName
        page.macro("SS", name)
        page.line(ManWriter.escape(command.abstract ?? ""))
        page.body(command.discussion ?? "")
        for argument in command.arguments ?? [] where argument.shouldDisplay && !argument.isHelp {
            page.macro("TP")
            page.line(argument.title)
            page.line(ManWriter.escape(argument.sentence))
        }
        for child in command.subcommands ?? [] where child.commandName != "help" { write(child, path: name, to: &page) }
    }

    private static func sentence(_ text: String?) -> String {
        let text = text ?? ""
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }
}

/// The parts of the parser's description that a page needs.
private struct ToolInfo: Decodable {
    let command: CommandInfo
}

private struct CommandInfo: Decodable {
    let commandName: String
    let abstract: String?
    let discussion: String?
    let subcommands: [CommandInfo]?
    let arguments: [ArgumentInfo]?
}

private struct ArgumentInfo: Decodable {
    struct Name: Decodable {
        let kind: String
        let name: String
    }

    let kind: String
    let shouldDisplay: Bool
    let isRepeating: Bool
    let names: [Name]?
    let valueName: String?
    let abstract: String?
    let defaultValue: String?
    let allValues: [String]?

    var isHelp: Bool { names?.contains { $0.name == "help" || $0.name == "version" } ?? false }

    /// The flag or the argument as it is typed, in bold, its value in italics.
    var title: String {
        let value = "\\fI\(ManWriter.escape((valueName ?? "value").uppercased()))\\fR"
        guard kind != "positional" else { return value + (isRepeating ? " ..." : "") }
        let flags = (names ?? []).map { "\\fB\(ManWriter.escape(($0.kind == "long" ? "--" : "-") + $0.name))\\fR" }
        return flags.joined(separator: ", ") + (kind == "option" ? " \(value)" : "")
    }

    /// What it is for, with its default where that is not said already.
    var sentence: String {
        let text = abstract ?? ""
        guard let defaultValue, !text.contains("(default"), kind != "flag" else { return text }
        return text + " (default: \(defaultValue))"
    }
}

/// Lines of man(7).
private struct ManWriter {
    private(set) var text = ""
    /// Whether no paragraph has come since the section's title, which begins one itself.
    private var isFirst = false

    mutating func line(_ text: String) {
        self.text += (text.isEmpty ? "\\&" : text) + "\n"
    }

    mutating func macro(_ name: String, _ words: String...) {
        text += "." + name + words.map { " \"" + Self.escape($0).replacing("\"", with: "\\(dq") + "\"" }.joined() + "\n"
    }

    mutating func section(_ title: String) {
        macro("SH", title)
        isFirst = true
    }

    /// Paragraphs apart by an empty line; those that begin with a blank are examples and stay as they are.
    mutating func body(_ text: String) {
        for paragraph in text.components(separatedBy: "\n\n") where !paragraph.isEmpty {
            if !isFirst { macro("PP") }
            isFirst = false
            if paragraph.hasPrefix(" ") {
                macro("nf")
                for line in paragraph.split(separator: "\n") { self.line(Self.escape(String(line))) }
                macro("fi")
            } else {
                let lines = Terminal.wrap(paragraph, columns: 72).split(separator: "\n")
                for line in lines { self.line(Self.escape(String(line))) }
            }
        }
    }

    /// Backslashes, hyphens that must stay hyphens, and a first character that would be taken for a macro.
    static func escape(_ text: String) -> String {
        let safe = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
        return safe.hasPrefix(".") || safe.hasPrefix("'") ? "\\&" + safe : safe
    }
}
