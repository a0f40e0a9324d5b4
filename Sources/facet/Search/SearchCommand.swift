// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Catalog
internal import EmbeddingPipeline
internal import Foundation
internal import ImageDecoding
internal import Kernels
internal import ModelFolders
internal import Vectors

/// `facet search`: the nearest items of a collection to a picture.
struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find the pictures of a collection that are nearest to one.",
        usage: "facet search (IMAGE | --id ITEM) --collection NAME [FLAGS]",
        discussion: """
            Compares every item exactly and prints the best with their cosine in each space. Works \
            beside a running server. The score is sum w cos / sum |w| over the weights.

              facet search photo.jpg --collection shop
              facet search photo.jpg --collection shop --weights color=1,invariant=0
              facet search photo.jpg --collection shop --weights invariant=1,color=-0.3
              facet search --id animals/fish.png --collection shop --html fish.html
              facet search photo.jpg --collection shop --filter '{"category": "food"}'

            --html and --png write the pictures found: a row for the weights, then one for each space \
            alone. --show draws them in the terminal: 'blocks' in any that has colours, 'kitty' or \
            'sixel' in those that know the protocol. 'facet help weights' says how to choose weights.
            """)

    enum Drawing: String, ExpressibleByArgument, CaseIterable { case blocks, kitty, sixel }

    @Argument(help: "The picture to search with.", completion: .file(extensions: ["png", "jpg", "jpeg", "webp"]))
    var image: String?

    @Option(help: "Search with this item of the collection and not with a picture.")
    var id: String?

    @Option(name: [.short, .long], help: "The collection to search.")
    var collection: String

    @Option(help: "How much each space counts: SPACE=NUMBER with commas. (default: every space 1)")
    var weights: String?

    @Option(name: [.customShort("k"), .long], help: "Hits at most, 1 to 1000.")
    var topK = 10

    @Option(help: "A condition on the metadata, as JSON; see 'facet help filters'.")
    var filter: String?

    @Flag(help: "Write a line of JSON for each hit.")
    var json = false

    @Option(help: "Write a page with the pictures found to this file.", completion: .file(extensions: ["html"]))
    var html: String?

    @Option(help: "Write the pictures found to this file.", completion: .file(extensions: ["png"]))
    var png: String?

    @Option(help: "Draw the pictures found in the terminal: blocks, kitty or sixel.")
    var show: Drawing?

    @Option(
        help: "A model's name in --models, or its folder. (default: the collection's)", completion: Completions.models)
    var model: String?

    @Option(help: "Folder that holds a folder for each model. (default: models)", completion: .directory)
    var models: String?

    @Option(help: "Threads that compute. (default: the number of cores)")
    var threads: Int?

    @OptionGroup var store: StoreOptions

    func validate() throws {
        guard (image == nil) != (id == nil) else {
            throw ValidationError("Give a picture or --id ITEM, one of them: facet search photo.jpg --collection shop.")
        }
        guard (1...1_000).contains(topK) else { throw ValidationError("--top-k must be 1 to 1000, not \(topK).") }
        if show != nil, isatty(STDOUT_FILENO) != 1 {
            throw ValidationError("--show draws in a terminal, and the output goes elsewhere: use --html or --png.")
        }
    }

    func run() throws {
        let (name, path, settings) = (try CollectionName(collection), try file(), try store.settings())
        let condition = try filter.map { (text) throws(CatalogError) in try Filter(Array(text.utf8)) } ?? .everything
        let record = try store.finding(name) {
            try CatalogStore.read(fileAt: path) { (snapshot) throws(CatalogError) in try snapshot.collection(name) }
        }
        let search = SnapshotSearch(
            record: record, weights: try SearchWeights(weights, spaces: record.definition.spaces.map(\.name.text)),
            count: topK, filter: condition)
        let (query, picture) = try resolve(record, settings)
        var bar = ProgressBar(total: record.items, unit: "items")
        var pictures = SearchPictures(query: picture)
        let answer = try CatalogStore.read(fileAt: path) { (snapshot) throws(CatalogError) in
            let answer = try search.run(query, in: snapshot) { bar.move(to: $0) }
            if html != nil || png != nil || show != nil { try pictures.read(answer, id: id, record, in: snapshot) }
            return answer
        }
        bar.finish()
        let listing = SearchListing(spaces: record.definition.spaces.map(\.name.text), hits: answer.combined)
        print(json ? listing.json() : listing.table(Terminal.output), terminator: "")
        try write(SearchResultPage(asked: image ?? id ?? "", search: search, answer: answer, pictures: pictures))
    }

    private func file() throws -> String {
        try store.path(
            instead: """
                ask a running 'facet serve' by POST /v1/collections/\(collection)/search, or bring the collection into a file with \
                'facet catalog migrate \(collection) --from ... --to sqlite:copy.sqlite'
                """)
    }

    /// The query's vectors and a small picture of it, where it is a file.
    private func resolve(
        _ record: CollectionRecord, _ settings: Settings
    ) throws -> (SnapshotSearch.Query, [UInt8]?) {
        if let id { return (.item(try ItemID(id)), nil) }
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let pool = ComputePool(threads: try settings.number("threads", threads, default: cores, in: 1...512))
        let loaded = try ModelOptions.load(named: model, in: models, settings, for: record, pool: pool)
        guard loaded.digest == record.definition.checkpoint else {
            throw CatalogRefusal(
                """
                The collection '\(collection)' holds vectors of the checkpoint \(record.definition.checkpoint), and the \
                model \(loaded.id) is \(loaded.digest). Name the model it was made with by --model, or bring the \
                collection to this one with 'facet catalog reindex \(collection) --model \(loaded.id)'.
                """)
        }
        let spaces = try record.definition.spaces.map { space in
            guard let found = loaded.manifest.space(space.name) else {
                throw CatalogRefusal("The model \(loaded.id) has no space '\(space.name)'; it is not the collection's.")
            }
            return found
        }
        let side = html != nil || png != nil || show != nil ? SearchPictures.side : nil
        let embedded = try EmbeddingJob.one(image ?? "", model: loaded, spaces: spaces, pool: pool, thumbnail: side)
        return (.vectors(embedded.embeddings.map(\.values)), embedded.thumbnail)
    }

    private func write(_ page: SearchResultPage) throws {
        if let html {
            try Data(page.html().utf8).write(to: URL(fileURLWithPath: html), options: .atomic)
            CatalogText.say("page: \(html)")
        }
        guard png != nil || show != nil else { return }
        let sheet = page.sheet()
        if let png {
            try Data(TerminalPicture.png(sheet)).write(to: URL(fileURLWithPath: png), options: .atomic)
            CatalogText.say("picture: \(png)")
        }
        switch show {
        case .blocks: print(TerminalPicture.blocks(sheet, columns: Terminal.output.columns))
        case .kitty: print(TerminalPicture.kitty(sheet))
        case .sixel: print(TerminalPicture.sixel(sheet))
        case nil: break
        }
    }
}
