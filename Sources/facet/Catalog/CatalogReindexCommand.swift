// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Catalog
internal import EmbeddingPipeline
internal import ModelFolders
internal import Vectors

/// `facet catalog reindex`: a collection's images embedded again with another checkpoint.
struct CatalogReindexCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reindex",
        abstract: "Embed a collection's kept images again with another checkpoint.",
        usage: "facet catalog reindex COLLECTION [FLAGS]",
        discussion: """
            Builds the new vectors in a collection of its own and lets it take over in one step, so that there is never half \
            of one and half of the other; until then nothing changes. Needs the images themselves, which 'import --keep' and \
            '?keep=true' store; --from-thumbnails makes do with the small pictures where they are all there is, and says what that \
            costs. Run again after an interruption and it goes on where it was.

              facet catalog reindex shop --model mine
            """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var model: ModelOptions

    @Flag(help: "Leave out items whose image was not kept or cannot be embedded.")
    var dropMissing = false

    @Flag(help: "Embed the thumbnail of an item whose image was not kept: its vectors know no finer details.")
    var fromThumbnails = false

    @Argument(help: "The collection's name.")
    var collection: String

    func run() throws {
        let settings = try store.settings()
        let catalog = try store.open(makes: false)
        let name = try CollectionName(collection)
        let record = try store.finding(name) { try catalog.collection(name) }
        let pool = try model.pool(settings)
        let loaded = try model.load(settings, for: record, pool: pool)
        let spaces = try model.choose(from: loaded, settings, usual: record.definition.spaces.map(\.name))
        let definition = try successor(of: record, loaded, spaces)
        let definitionIsSame =
            definition.checkpoint == record.definition.checkpoint && definition.spaces == record.definition.spaces
            && record.definition.isPrepared(as: definition.preprocessing)
        guard !definitionIsSame else {
            return print("\(collection): holds the vectors of \(loaded.id) (\(loaded.digest)) already")
        }
        let stop = StopSignal()
        let ingest = ItemIngest(
            catalog, into: definition.name, model: loaded, spaces: spaces, pool: pool,
            thumbnails: record.thumbnails ?? .usual, stop: stop.flag)
        var work = Reindexing(catalog, record, definition, ingest, stop, takesThumbnails: fromThumbnails)
        let (missing, small) = try work.count()
        try refuseMissing(missing, small, of: record)
        if fromThumbnails, small > 0 { sayCost(of: small, in: record, size: loaded.preprocessing.size) }
        try work.run()
        try conclude(work, ingest, catalog)
    }

    /// The collection that takes over: its name says from what and to which checkpoint, so that an interrupted run finds it.
    private func successor(
        of record: CollectionRecord, _ model: EmbeddingModel, _ spaces: [ModelManifest.Space]
    ) throws -> CollectionDefinition {
        let name = record.definition.name.text.prefix(30)
        return CollectionDefinition(
            name: try CollectionName("\(name).reindex-\(record.key)-\(model.digest.hex.prefix(8))"), model: model.id,
            checkpoint: model.digest, spaces: spaces.map(\.ofCollection), element: record.definition.element,
            preprocessing: model.preprocessing.identity)
    }

    /// What embedding thumbnails means for the vectors.
    private func sayCost(of small: Int, in record: CollectionRecord, size: Int) {
        CatalogText.say(
            """
            \(small) of \(CatalogText.count(record.items, "item")) of '\(collection)' have only a thumbnail (JPEG, at most \
            \((record.thumbnails ?? .usual).pixels ?? 0) pixels by the present rule), which is scaled to the network's \(size): \
            their vectors lack finer details and are no longer those of the images. Where that matters, upload the images \
            again.
            """)
    }

    private func refuseMissing(_ missing: Int, _ small: Int, of record: CollectionRecord) throws {
        guard missing > 0 else { return }
        let text = "\(missing) of \(CatalogText.count(record.items, "item")) of '\(collection)' have no kept image"
        guard dropMissing else {
            throw CatalogRefusal(
                """
                \(text), and their vectors cannot be made again. Fill the collection again with --keep and the old checkpoint, \
                or another one with the new checkpoint, or give --drop-missing to go on without them\
                \(fromThumbnails || small == 0 ? "" : ", or --from-thumbnails to embed the \(small) small pictures there are").
                """)
        }
        CatalogText.say("\(text) and are left out")
    }

    private func conclude(_ work: Reindexing, _ ingest: ItemIngest, _ catalog: any ItemStore) throws {
        for failure in ingest.failures { CatalogText.say("\(failure.id): \(failure.reason)") }
        let unfinished =
            "nothing of '\(collection)' has changed; the new vectors so far are in '\(work.successor.name)'"
        if work.stop.isRaised {
            try catalog.close()
            CatalogText.say("stopped; \(unfinished): run the same command again to go on")
            throw ExitCode(130)
        }
        guard ingest.failures.isEmpty || dropMissing else {
            try catalog.close()
            throw CatalogRefusal(
                """
                \(CatalogText.count(ingest.failures.count, "image")) could not be embedded; \(unfinished). Run again with \
                --drop-missing to go on without them.
                """)
        }
        let taken = try catalog.rename(work.successor.name, to: work.record.definition.name, replacing: true)
        try catalog.close()
        print("\(collection): \(CatalogText.count(taken.items, "item")) of \(taken.definition.checkpoint) took over")
    }
}
