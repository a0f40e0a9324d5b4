// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Catalog

/// `facet catalog delete`: a collection with everything in it.
struct CatalogDeleteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a collection with all its items.",
        usage: "facet catalog delete COLLECTION [FLAGS]",
        discussion: """
            It is gone in one step; then its rows are purged and their room is given back to the disk. After an interruption \
            the rest is done when the file is next opened for writing. There is no way back but a backup.

              facet catalog delete shop --yes
            """)

    @OptionGroup var store: StoreOptions

    @Flag(help: "Really delete it.")
    var yes = false

    @Argument(help: "The collection's name.")
    var collection: String

    func run() throws {
        let name = try CollectionName(collection)
        let catalog = try store.open(makes: false)
        let record = try store.finding(name) { try catalog.collection(name) }
        let items = CatalogText.count(record.items, "item")
        guard yes else {
            throw CatalogRefusal(
                """
                '\(collection)' has \(items) (\(CatalogText.size(record.bytes))), which would be lost. Give --yes to delete \
                them; 'facet catalog backup' makes a copy first.
                """)
        }
        let before = try (catalog as? CatalogStore)?.size()
        try catalog.deleteCollection(name)
        let stop = StopSignal()
        var bar = ProgressBar(total: record.items, unit: "items")
        defer { bar.finish() }
        try catalog.finishDeletions { purged in
            bar.move(to: min(purged, record.items))
            return !stop.isRaised
        }
        if !stop.isRaised { bar.move(to: record.items) }
        bar.finish()
        let after = try (catalog as? CatalogStore)?.size()
        try catalog.close()
        guard let before, let after else { return print("\(collection): \(items) deleted") }
        print(
            "\(collection): \(items) deleted; the file had \(CatalogText.size(before.file)) and has \(CatalogText.size(after.file))"
        )
    }
}
