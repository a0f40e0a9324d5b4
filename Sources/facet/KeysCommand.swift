// SPDX-License-Identifier: Apache-2.0

internal import Access
internal import ArgumentParser
internal import Foundation
internal import Vectors

/// `facet keys`: make and look at the keys that callers of a service need.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make and check the keys that callers need.",
        discussion: """
            The file has a line for each key, with the SHA-256 of the key and never the key itself. A role is read (embed, \
            search, advise), write (items too) or admin (collections and models too). A running service reads the file \
            again on SIGHUP: add a line to let somebody in, delete it to shut them out.

              facet keys new web --role read --rate 600/minute --file keys
              facet serve --keys keys
              curl -H "Authorization: Bearer $KEY" http://127.0.0.1:8080/v1/models
            """,
        subcommands: [New.self, Check.self])

    /// `facet keys new`.
    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key: it is printed once, its digest goes into the file.",
            usage: "facet keys new NAME --file FILE [FLAGS]",
            discussion: """
                  facet keys new web --role read --collections 'shop,test-*' --file keys
                """)

        @Argument(help: "A name for whoever holds it: letters, digits, dots, dashes and underscores.")
        var name: String

        @Option(help: "read, write or admin.", completion: .list(Role.allCases.map(\.rawValue)))
        var role: String = Role.read.rawValue

        @Option(help: "The collections it may touch, with commas; 'test-*' for all that begin so. (default: all)")
        var collections: String?

        @Option(help: "Requests it may make, as 10/second, 600/minute or 1000/hour. (default: any number)")
        var rate: String?

        @Option(help: "The file of keys; made when it is not there.")
        var file: String

        func run() throws {
            let secret = Secret.random()
            let key = try key(secret)
            let old = try existing()
            guard !(try KeyFile.parse(old)).contains(where: { $0.name == name }) else {
                throw ValidationError("\(file) has a key named '\(name)' already; delete its line first.")
            }
            let text = old + (old.isEmpty || old.hasSuffix("\n") ? "" : "\n") + KeyFile.line(key) + "\n"
            try write(text)
            print(secret.text)
            FileHandle.standardError.write(
                Data("This is the only time the key is shown. A running service takes it on SIGHUP.\n".utf8))
        }

        private func key(_ secret: Secret) throws -> AccessKey {
            guard KeyFile.isName(name) else {
                throw ValidationError("A name has 1 to 64 letters, digits, dots, dashes or underscores.")
            }
            guard let role = Role(rawValue: role) else { throw ValidationError("A role is read, write or admin.") }
            let names = try collections.map { text in
                guard let names = KeyFile.collections(text) else {
                    throw ValidationError("--collections takes names with commas, each perhaps ending in *.")
                }
                return names
            }
            let rate = try rate.map { text in
                guard let rate = KeyFile.rate(text) else {
                    throw ValidationError("--rate takes N/second, N/minute or N/hour.")
                }
                return rate
            }
            return AccessKey(name: name, role: role, digest: secret.digest, collections: names, rate: rate)
        }

        private func existing() throws -> String {
            guard FileManager.default.fileExists(atPath: file) else { return "" }
            return try String(contentsOfFile: file, encoding: .utf8)
        }

        /// Replaces the file in one step, readable by its owner only.
        private func write(_ text: String) throws {
            let fresh = file + ".new"
            guard
                FileManager.default.createFile(
                    atPath: fresh, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]),
                rename(fresh, file) == 0
            else {
                throw ValidationError("cannot write \(file): \(String(cString: strerror(errno)).lowercased())")
            }
        }
    }

    /// `facet keys check`.
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List a file's keys, or say which line is wrong.",
            discussion: """
                  facet keys check keys
                """)

        @Argument(help: "The file of keys.")
        var file: String

        func run() throws {
            let keys = try KeyFile.parse(try String(contentsOfFile: file, encoding: .utf8))
            let width = keys.map(\.name.count).max() ?? 0
            for key in keys {
                let name = key.name.padding(toLength: width, withPad: " ", startingAt: 0)
                let role = key.role.rawValue.padding(toLength: 5, withPad: " ", startingAt: 0)
                let reach = key.collections?.joined(separator: ",") ?? "all collections"
                print("\(name)  \(role)  \(reach)\(key.rate.map { "  \($0)" } ?? "")")
            }
        }
    }
}
