// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// `facet help`: the help of a command, or a topic.
struct HelpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "help",
        abstract: "Show the help of a command, or of a topic.",
        discussion: """
            Topics: \(HelpTopic.allCases.map(\.rawValue).joined(separator: ", ")).

              facet help catalog import
              facet help weights
            """)

    @Argument(help: "A command, with its sub-command where it has some, or a topic.", completion: .list(Self.words))
    var words: [String] = []

    /// What the shell offers.
    private static let words =
        HelpTopic.allCases.map(\.rawValue) + Facet.configuration.subcommands.map { $0._commandName }

    func run() throws {
        let columns = min(Terminal.output.columns, 100)
        guard let first = words.first else {
            print(Facet.helpMessage(columns: columns) + "\n\n" + Self.topics)
            return
        }
        if words.count == 1, let topic = HelpTopic(rawValue: first) {
            print(Terminal.wrap(topic.text, columns: columns))
            return
        }
        var command: any ParsableCommand.Type = Facet.self
        for word in words {
            guard let next = command.configuration.subcommands.first(where: { $0._commandName == word }) else {
                throw ValidationError(
                    "there is no help on '\(words.joined(separator: " "))'. Topics: "
                        + HelpTopic.allCases.map(\.rawValue).joined(separator: ", ") + ". Commands of "
                        + "'\(command._commandName)': "
                        + command.configuration.subcommands.map { $0._commandName }.joined(separator: ", ") + ".")
            }
            command = next
        }
        print(Facet.helpMessage(for: command, columns: columns))
    }

    /// A line for each topic.
    private static var topics: String {
        let lines = HelpTopic.allCases.map {
            "  " + $0.rawValue.padding(toLength: 22) + "  " + $0.abstract
        }
        return "TOPICS (facet help TOPIC):\n" + lines.joined(separator: "\n")
    }
}

extension String {
    /// The text with blanks after it up to `length` characters.
    func padding(toLength length: Int) -> String {
        self + String(repeating: " ", count: max(0, length - count))
    }
}
