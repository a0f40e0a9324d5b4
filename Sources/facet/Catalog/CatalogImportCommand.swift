// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Catalog
internal import EmbeddingPipeline
internal import Foundation
internal import ModelFolders
internal import Vectors

/// `facet catalog import`: a folder of images becomes items of a collection.
struct CatalogImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Embed every image below a folder into a collection.",
        usage: "facet catalog import COLLECTION FOLDER [FLAGS]",
        discussion: """
            An item's id is the file's path within the folder, its metadata {"path","category","subcategory"}: the names of \
            the first two folders, where there are any. The collection is made when it is missing. Run again after an \
            interruption, or when files were added: what is there with the same bytes is skipped. Exits with 1 when a file \
            could not be embedded; each is named with the reason.

              facet catalog import shop pictures/
              facet catalog import shop pictures/ --model mine --keep

            --keep stores the files themselves, too, so that 'facet catalog reindex' can bring the collection to another \
            checkpoint. A small picture of each is kept unless --thumbnails says none; what --thumbnails says becomes the \
            collection's rule, and items that are there without a picture get one.

            --shard i/n takes the i-th of n shares, from 0, chosen by a hash of each id, so that several processes fill one \
            collection on a PostgreSQL server; on a file, one share after the other. Run a share again as often as you like.

              facet catalog import shop pictures/ --shard 0/8 --store postgres://facet@db/facet
            """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var model: ModelOptions

    @Flag(help: "Keep the files' bytes in the catalog.")
    var keep = false

    @Option(help: "Pixels of the longer side of the small pictures, or 'none'. (default: the collection's, else 160)")
    var thumbnails: String?

    @Option(help: "Leading folders that become labels: 0 none, 1 category, 2 category and subcategory.")
    var labelDepth = 2

    @Option(help: "Embed only share i of n, such as 0/8 to 7/8.")
    var shard: String?

    @Option(
        help: "A file with an image's path within the folder in each line, in place of all; '-' for standard input.",
        completion: .file())
    var list: String?

    @Argument(help: "The collection's name.")
    var collection: String

    @Argument(help: "The folder of .png, .jpg, .jpeg and .webp files.", completion: .directory)
    var folder: String

    func validate() throws {
        guard (0...2).contains(labelDepth) else { throw ValidationError("--label-depth must be 0, 1 or 2.") }
        _ = try ThumbnailOption.rule(thumbnails)
        _ = try shard.map(Shard.init)
    }

    func run() throws {
        let images = try ImageFolder(folder, list: list, shard: shard.map(Shard.init))
        let name = try CollectionName(collection)
        let settings = try store.settings()
        let catalog = try store.open(makes: true)
        let known = try catalog.collections().first { $0.definition.name == name }
        let pool = try model.pool(settings)
        let loaded = try model.load(settings, for: known, pool: pool)
        let spaces = try bind(name, known, to: loaded, settings, catalog)
        let stop = StopSignal()
        let rule = try ThumbnailOption.rule(settings.text("thumbnails", thumbnails))
        let record = try catalog.create(catalog.collection(name).definition, thumbnails: rule).record
        let ingest = ItemIngest(
            catalog, into: name, model: loaded, spaces: spaces, pool: pool, thumbnails: record.thumbnails ?? .usual,
            stop: stop.flag)
        var work = FolderImport(
            images, catalog, into: name, ingest, keeps: keep, labelDepth: labelDepth, stop: stop,
            reportsEvery: shard == nil ? nil : .seconds(30))
        try work.run()
        try catalog.close()
        try report(work, ingest)
    }

    /// The model's spaces for the collection, which is made when it is missing.
    private func bind(
        _ name: CollectionName, _ known: CollectionRecord?, to model: EmbeddingModel, _ settings: Settings,
        _ catalog: any ItemStore
    ) throws -> [ModelManifest.Space] {
        if let known, known.definition.checkpoint != model.digest {
            throw CatalogRefusal(
                """
                The collection '\(name)' holds vectors of the checkpoint \(known.definition.checkpoint), and the model \
                \(model.id) is \(model.digest) now. Bring the collection to it with 'facet catalog reindex \(name) --model \
                \(self.model.model ?? model.id.text)', name the model it was made with, or import into another collection.
                """)
        }
        let identity = model.preprocessing.identity
        if let known, !known.definition.isPrepared(as: identity) {
            throw CatalogError.preprocessingConflict(bound: known.definition.preprocessing ?? "", asked: identity)
        }
        let spaces = try self.model.choose(from: model, settings, usual: known?.definition.spaces.map(\.name))
        guard let known else {
            _ = try catalog.create(
                CollectionDefinition(
                    name: name, model: model.id, checkpoint: model.digest, spaces: spaces.map(\.ofCollection),
                    preprocessing: identity))
            return spaces
        }
        guard known.definition.spaces == spaces.map(\.ofCollection) else {
            let held = known.definition.spaces.map { "\($0.name):\($0.dimensions)" }.joined(separator: ",")
            throw CatalogRefusal(
                "The collection '\(name)' has the spaces \(held). Leave --spaces out, or import into another collection."
            )
        }
        return spaces
    }

    private func report(_ work: FolderImport, _ ingest: ItemIngest) throws {
        for failure in ingest.failures { CatalogText.say("\(failure.id): \(failure.reason)") }
        let total = work.folder.paths.count
        print("\(collection): \(ingest.written) embedded, \(work.skipped) skipped, \(ingest.failures.count) failed")
        if work.stop.isRaised {
            CatalogText.say(
                "stopped; \(total - work.skipped - ingest.settled) to go: run the same command again to go on")
            throw ExitCode(130)
        }
        if !ingest.failures.isEmpty { throw ExitCode(1) }
    }
}
