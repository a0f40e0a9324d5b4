// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation

/// `facet completions`: the script that lets a shell complete commands, flags and values.
struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Print the script that makes a shell complete facet's commands.",
        discussion: """
            Put it where the shell looks, once; a new shell then completes commands, flags, the names of \
            models and files. 'facet' must be on the PATH; zsh needs 'fpath+=~/.zfunc' before compinit.

              facet completions bash > ~/.local/share/bash-completion/completions/facet
              facet completions zsh > ~/.zfunc/_facet
              facet completions fish > ~/.config/fish/completions/facet.fish
            """)

    enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() {
        let known: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        print(Self.withOneHelp(Facet.completionScript(for: known)))
        guard Terminal.output.isInteractive else { return }
        let place =
            switch shell {
            case .bash: "~/.local/share/bash-completion/completions/facet"
            case .zsh: "~/.zfunc/_facet"
            case .fish: "~/.config/fish/completions/facet.fish"
            }
        FileHandle.standardError.write(
            Data("\n# This is the script itself. To install it:\n#   facet completions \(shell) > \(place)\n".utf8))
    }

    /// The script without the function of the parser's own help command, which would take the place of this program's.
    private static func withOneHelp(_ script: String) -> String {
        let head = "\n_facet_help() {"
        let halves = script.components(separatedBy: head)
        guard halves.count == 3, let end = halves[2].range(of: "\n}\n") else { return script }
        return (halves[0] + head + halves[1] + halves[2][end.upperBound...])
            .replacing("completions man help'", with: "completions man'").replacing("|man|help)", with: "|man)")
    }
}
