// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// `facet man`: the manual page, made from the commands themselves.
struct ManCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "man",
        abstract: "Print the manual page.",
        discussion: """
            Every command with its flags, and the help topics, for man(1).

              facet man > facet.1 && man -l facet.1
              facet man | sudo tee /usr/local/share/man/man1/facet.1 > /dev/null
            """)

    func run() throws {
        print(try ManPage(toolInfo: Facet._dumpHelp(), version: Facet.configuration.version).text, terminator: "")
    }
}
