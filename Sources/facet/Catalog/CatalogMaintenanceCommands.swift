// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Catalog
internal import PostgresCatalog

/// `facet catalog verify`: reads everything and names what is wrong.
struct CatalogVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read the whole file and name what is damaged.",
        discussion: """
            Works beside a running server. Exits with 1 when anything is wrong.

              facet catalog verify
              facet catalog verify --store sqlite:shop-monday.sqlite
            """)

    @OptionGroup var store: StoreOptions

    func run() throws {
        let address = try store.address()
        let report = try report(address)
        print(
            """
            \(address.name): checked \(address.path == nil ? "" : "the schema, SQLite's pages and references, ")\
            \(CatalogText.count(report.collections, "collection")), \(CatalogText.count(report.items, "item")) with \
            vectors and kept images, and \(CatalogText.count(report.cachedEmbeddings, "cached embedding")).
            """)
        guard !report.isSound else { return print("The catalog is sound.") }
        for problem in report.problems { print("problem: \(problem)") }
        print(
            """
            The catalog is damaged: \(CatalogText.count(report.problems.count, "problem")). Restore a backup, or import the \
            items again into a new file.
            """)
        throw ExitCode(1)
    }

    private func report(_ address: StoreAddress) throws -> CatalogReport {
        if let remote = address.remote {
            let server = try PostgresStore(remote)
            defer { try? server.close() }
            return try server.verify()
        }
        let path = try store.path(instead: "")
        // Each page is read about twice: once for SQLite's own checks, once for the rows'.
        return try FileTraffic.showing(.read, of: 2 * CatalogText.bytes(ofFile: path)) {
            try CatalogStore.verify(fileAt: path)
        }
    }
}

/// `facet catalog backup`: a copy of the file as it stands.
struct CatalogBackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the catalog into a new file.",
        discussion: """
            Works beside a running server: the copy is the catalog as it was when this began, whole or absent.

              facet catalog backup shop-monday.sqlite
            """)

    @OptionGroup var store: StoreOptions

    @Argument(help: "The file to make.", completion: .file())
    var destination: String

    func run() throws {
        let path = try store.path(
            instead: "copy it with the server's own pg_dump, or single collections with 'facet catalog migrate'")
        let stop = StopSignal()
        let total = max(1, CatalogText.bytes(ofFile: path) >> 20)
        var bar = ProgressBar(total: total, unit: "MiB")
        defer { bar.finish() }
        let isDone = try CatalogStore.backup(fileAt: path, to: destination) { part in
            bar.move(to: Int(part * Double(total)))
            return !stop.isRaised
        }
        bar.finish()
        guard isDone else {
            CatalogText.say("stopped; nothing was written")
            throw ExitCode(130)
        }
        print("\(destination): a copy of \(path); check it with 'facet catalog verify --store sqlite:\(destination)'")
    }
}

/// `facet catalog compact`: gives free pages back.
struct CatalogCompactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Rewrite the file without free pages and in order.",
        discussion: """
            Needs free disk of up to twice the file's size. No server may have the file open. When it is interrupted the \
            file is what it was.

              facet catalog compact
            """)

    @OptionGroup var store: StoreOptions

    func run() throws {
        let catalog = try StoreDoor.openFile(
            store.address(), makes: false, instead: "the server gives room back by itself, and at once with VACUUM FULL"
        )
        let before = try catalog.size()
        // What is in use is written to a temporary file, from there to the log, and from the log into the file.
        try FileTraffic.showing(.written, of: 3 * (before.file - before.free)) { try catalog.compact() }
        let after = try catalog.size()
        try catalog.close()
        print(
            """
            \(try store.address().name): \(CatalogText.size(before.file)), of these \(CatalogText.size(before.free)) free, \
            became \(CatalogText.size(after.file))
            """)
    }
}
