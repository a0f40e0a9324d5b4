// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Catalog

/// `facet catalog migrate`: collections from one store into another.
struct CatalogMigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Copy collections from one store into another: a file, or a PostgreSQL server.",
        usage: "facet catalog migrate [COLLECTION ...] --from STORE --to STORE",
        discussion: """
            Vectors, metadata, thumbnails, kept images and the items' times are copied as they are. What is there already and \
            alike is skipped, so that an interrupted run goes on when it is run again. At the end both sides are read once more and \
            compared by a digest over everything. A server that has the file open must be stopped first.

              facet catalog migrate --from sqlite:catalog.sqlite --to postgres://facet@db/facet
              facet catalog migrate shop --from postgres://facet@db/facet --to sqlite:shop.sqlite
            """)

    @Option(help: "Where the collections are: sqlite:PATH or postgres://USER@HOST/DATABASE.")
    var from: String

    @Option(help: "Where they shall be: sqlite:PATH or postgres://USER@HOST/DATABASE.")
    var to: String

    @Flag(help: "Leave out the comparison at the end.")
    var noVerify = false

    @Argument(help: "The collections' names; all where none is given.")
    var collections: [String] = []

    func validate() throws {
        guard from != to else { throw ValidationError("--from and --to are the same store.") }
    }

    func run() throws {
        let (origin, goal) = (try StoreAddress(from), try StoreAddress(to))
        let names = try collections.map { (text) throws(CatalogError) in try CollectionName(text) }
        let source = try StoreDoor.open(origin, makes: false)
        let target = try StoreDoor.open(goal, makes: true)
        let all = try source.collections()
        for name in names where !all.contains(where: { $0.definition.name == name }) {
            throw CatalogRefusal(
                "\(origin.name) has no collection '\(name)'; its collections: "
                    + all.map(\.definition.name.text).joined(separator: ", "))
        }
        let stop = StopSignal()
        for record in all where names.isEmpty || names.contains(record.definition.name) {
            var work = CollectionMigration(record, from: source, to: target, stop)
            try work.run(verifies: !noVerify)
            guard !stop.isRaised else {
                CatalogText.say("stopped: run the same command again to go on")
                throw ExitCode(130)
            }
            print(work.summary)
        }
        try target.close()
        try source.close()
    }
}
