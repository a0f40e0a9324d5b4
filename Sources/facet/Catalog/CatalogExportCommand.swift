// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Catalog

/// `facet catalog export`: a collection for NumPy and everything else.
struct CatalogExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a collection's vectors as .npy and its items as lines of JSON.",
        usage: "facet catalog export COLLECTION FOLDER [FLAGS]",
        discussion: """
            Works beside a running server; all of it is one state of the collection. Makes in the folder:
              vectors.npy   float32 [items, dimensions], the spaces side by side as they are stored
              items.jsonl   {"id","digest","metadata"}, a line for each row of the array
              spaces.json   where each space's columns begin, the model and its checkpoint

              facet catalog export shop shop-vectors
              python3 -c 'import numpy; print(numpy.load("shop-vectors/vectors.npy").shape)'
            """)

    @OptionGroup var store: StoreOptions

    @Argument(help: "The collection's name.")
    var collection: String

    @Argument(help: "The folder to write to; files of an earlier export are replaced.", completion: .directory)
    var folder: String

    func run() throws {
        let name = try CollectionName(collection)
        let stop = StopSignal()
        var outcome: Result<(record: CollectionRecord, isDone: Bool), any Error>?
        let path = try store.path(
            instead: """
                bring the collection into a file with 'facet catalog migrate \(collection) --from ... --to sqlite:copy.sqlite' and \
                export from there
                """)
        try store.finding(name) {
            try CatalogStore.read(fileAt: path) { (snapshot) throws(CatalogError) in
                let record = try snapshot.collection(name)
                outcome = Result {
                    (record, try CollectionExport(record, folder: folder, stop: stop).run(snapshot))
                }
            }
        }
        guard let done = try outcome?.get(), done.isDone else {
            CatalogText.say("stopped; nothing was written")
            throw ExitCode(130)
        }
        print(
            "\(folder): \(CatalogText.count(done.record.items, "item")) of \(done.record.definition.components) dimensions"
        )
    }
}
