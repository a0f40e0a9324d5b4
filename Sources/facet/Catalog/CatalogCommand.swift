// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Catalog
internal import Foundation

/// `facet catalog`: the collections' file from the command line.
struct CatalogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog",
        abstract: "Fill, read, copy and check the file that collections are kept in.",
        discussion: """
            'list', 'verify', 'backup' and 'export' only read and work beside a running server; 'import', 'reindex', 'delete' \
            and 'compact' write, and a server that has the file open must be stopped first.

              facet catalog import shop pictures/ --keep    every image below a folder
              facet catalog export shop shop-vectors/       vectors.npy, items.jsonl
              facet catalog verify && facet catalog backup /backups/catalog.sqlite
            """,
        subcommands: [
            CatalogListCommand.self, CatalogImportCommand.self, CatalogExportCommand.self, CatalogReindexCommand.self,
            CatalogDeleteCommand.self, CatalogMigrateCommand.self,
            CatalogVerifyCommand.self, CatalogBackupCommand.self, CatalogCompactCommand.self,
        ])
}

/// Which file the catalog is, for every sub-command.
struct StoreOptions: ParsableArguments {
    @Option(
        help: "Where collections are kept: sqlite:PATH or postgres://USER@HOST/DATABASE. (default: \(Defaults.store))")
    var store: String?

    @Option(help: "A file of 'name = value' lines, one for each flag without its dashes.", completion: .file())
    var config: String?

    func settings() throws -> Settings { try Settings(configuration: config) }

    /// What `--store` names.
    func address() throws -> StoreAddress {
        try StoreAddress(try settings().text("store", store, default: Defaults.store))
    }

    /// The file's path; throws where the store is `none`, or a server, with what to use there `instead`.
    func path(instead: String) throws -> String { try StoreDoor.path(address(), instead: instead) }

    /// What `work` returns; a collection that it does not find is refused with the names of those that are there.
    func finding<Result>(_ name: CollectionName, _ work: () throws -> Result) throws -> Result {
        do {
            return try work()
        } catch CatalogError.noSuchCollection {
            let known = try StoreDoor.collections(address()).map(\.definition.name.text).joined(separator: ", ")
            throw CatalogRefusal(
                "\(try address().name) has no collection '\(name)'. "
                    + (known.isEmpty
                        ? "It has none yet: make one with 'facet catalog import \(name) FOLDER'."
                        : "Its collections: \(known)."))
        }
    }

    /// Opens the store for writing; throws where there is none and it may not be made, or where another process writes it.
    func open(makes: Bool) throws -> any ItemStore { try StoreDoor.open(address(), makes: makes) }
}

/// Why a sub-command does not go on, in a sentence or two.
struct CatalogRefusal: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// What several sub-commands print.
enum CatalogText {
    /// A line for the person, on standard error.
    static func say(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }

    /// `1 item`, `2 items`.
    static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    /// The size of a file; 0 where it cannot be told.
    static func bytes(ofFile path: String) -> Int {
        let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        return size ?? 0
    }

    /// Bytes with a unit that leaves one to four digits before the point.
    static func size(_ bytes: Int) -> String {
        var (value, units) = (Double(bytes), ["KiB", "MiB", "GiB", "TiB"][...])
        guard value >= 1024 else { return "\(bytes) B" }
        var unit = ""
        while value >= 1024, let next = units.popFirst() { (value, unit) = (value / 1024, next) }
        return String(format: "%.1f %@", value, unit)
    }
}
