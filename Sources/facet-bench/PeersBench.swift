// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation

/// Everything that has a goal, beside its peers, in one run.
struct PeersBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers",
        abstract: "Measure Facet beside its peers in turn and print every goal with the ratio reached.",
        discussion: """
            Runs Tests/Benchmarks/compare of the checkout around the working directory or around this program. The peers
            are installed from PyPI into .build/bench-venv the first time. What follows 'peers' goes to the script;
            --help-script shows what it takes: sections, rounds, seconds, threads.

              facet-bench peers --sections engines memory
            """)

    @Flag(help: "Show the script's own help.")
    var helpScript = false

    @Argument(parsing: .captureForPassthrough, help: "Passed to the script.")
    var arguments: [String] = []

    func run() throws {
        guard arguments.allSatisfy({ !["--help", "-h"].contains($0) }) else { throw CleanExit.helpRequest(Self.self) }
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let places = [URL(fileURLWithPath: FileManager.default.currentDirectoryPath), program]
        guard let root = places.lazy.compactMap(Self.checkout(around:)).first else {
            throw ValidationError(
                "no checkout of Facet around \(places[0].path) or \(places[1].path): run this inside one")
        }
        let wanted = arguments.contains("--help-script") || helpScript ? ["--help"] : arguments
        let missing = ["python3", "bash", "swift"].filter { !Self.isInstalled($0) }
        guard missing.isEmpty else {
            throw ValidationError("not installed: \(missing.joined(separator: ", "))")
        }
        try Self.become([root.appendingPathComponent(Self.script).path] + wanted)
    }

    private static let script = "Tests/Benchmarks/compare"

    /// The folder of `place`'s parents that holds the script.
    private static func checkout(around place: URL) -> URL? {
        var folder = place.standardizedFileURL
        while folder.pathComponents.count > 1 {
            if FileManager.default.isExecutableFile(atPath: folder.appendingPathComponent(script).path) {
                return folder
            }
            folder.deleteLastPathComponent()
        }
        return nil
    }

    private static func isInstalled(_ program: String) -> Bool {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
    }

    /// Replaces this process: the script may rebuild this very program.
    private static func become(_ words: [String]) throws {
        var list: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for word in list { free(word) } }
        _ = execv(words[0], &list)
        throw ValidationError("\(words[0]) cannot be run: \(String(cString: strerror(errno)))")
    }
}
