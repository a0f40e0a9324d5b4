// SPDX-License-Identifier: Apache-2.0

internal import Advice
internal import ArgumentParser
internal import Catalog
internal import Foundation
internal import ModelFolders
internal import Statistics
internal import Vectors

/// `facet advise`: which weights of the spaces suit the labels of a collection.
struct AdviseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "advise",
        abstract: "Find the weights of the spaces that suit labelled items.",
        usage: "facet advise COLLECTION (--label-field FIELD | --labels FILE) [FLAGS]",
        discussion: """
            Labels are a field of the items' metadata, or a file with a line 'ID TAB LABEL' an item. Every way of weighing is \
            judged on items that it was not fitted to; the last line can be pasted into a search. Works beside a running \
            server.

              facet advise shop --label-field category
              facet advise shop --labels labels.tsv
            """)

    @Argument(help: "The collection.")
    var collection: String

    @Option(help: "A path into the metadata, such as category.")
    var labelField: String?

    @Option(help: "A file of lines 'ID TAB LABEL'.", completion: .file())
    var labels: String?

    @Option(
        help: "Folder that holds a folder for each model, for what the spaces mean.", completion: .directory)
    var models = Defaults.models

    @OptionGroup var store: StoreOptions

    func validate() throws {
        guard (labelField == nil) != (labels == nil) else {
            throw ValidationError("Give one of --label-field and --labels.")
        }
    }

    func run() throws {
        let (name, path, label) = (try CollectionName(collection), try file(), try labelling())
        let found = try store.finding(name) { try Examples(of: name, in: path, label: label) }
        let spaces = found.definition.spaces.map { space in
            Adviser.Space(name: space.name.text, sensitiveTo: sensitivities(found.definition.model)[space.name.text])
        }
        let advice: Advice
        do throws(AdviceError) {
            advice = try Adviser(spaces: spaces).advise(vectors: found.vectors, labels: found.labels)
        } catch {
            throw ValidationError("\(error).")
        }
        show(advice, spaces.map(\.name))
    }

    private func file() throws -> String {
        try store.path(
            instead: """
                ask a running 'facet serve' by POST /v1/collections/\(collection)/advise, or bring the collection into a file with \
                'facet catalog migrate \(collection) --from ... --to sqlite:copy.sqlite'
                """)
    }

    private func labelling() throws -> (Item) throws(CatalogError) -> String? {
        if let labelField {
            let path = try FilterPath(labelField)
            return { (item) throws(CatalogError) in try item.metadata.value.value(at: path.keys)?.scalarText }
        }
        let text = try String(contentsOfFile: labels ?? "", encoding: .utf8)
        var known: [String: String] = [:]
        for (number, line) in text.split(separator: "\n").enumerated() {
            let halves = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard halves.count == 2 else {
                throw ValidationError("line \(number + 1) of \(labels ?? "") is not ID TAB LABEL")
            }
            known[String(halves[0])] = String(halves[1])
        }
        return { (item) throws(CatalogError) in known[item.id.text] }
    }

    private func sensitivities(_ model: ModelID) -> [String: [String]] {
        let folder = URL(fileURLWithPath: models).appendingPathComponent(model.text)
        guard let manifest = try? ModelFolder(opening: folder).manifest else { return [:] }
        return Dictionary(
            manifest.spaces.compactMap { space in space.sensitiveTo.map { (space.name.text, $0) } },
            uniquingKeysWith: { first, _ in first })
    }

    private func show(_ advice: Advice, _ spaces: [String]) {
        print("\(advice.examples) examples of \(advice.classes) labels; share of comparisons right, 0.5 is guessing")
        for candidate in advice.ranking + advice.blends {
            let (score, range) = (candidate.score.value, candidate.score.interval)
            print(
                String(format: "  %-14@ %.3f  (%.3f to %.3f)", candidate.name as NSString, score, range.low, range.high)
            )
        }
        print(advice.sentence)
        let weights = zip(spaces, advice.recommended.weights).filter { $0.1 != 0 }.map { "\"\($0.0)\": \($0.1)" }
        print("{\"weights\": {\(weights.joined(separator: ", "))}}")
    }
}

/// The labelled items of a collection, read from one snapshot.
private struct Examples {
    let definition: CollectionDefinition
    /// Spaces x items.
    var vectors: [[[Float]]]
    var labels: [String] = []

    init(of name: CollectionName, in path: String, label: (Item) throws(CatalogError) -> String?) throws {
        self = try CatalogStore.read(fileAt: path) { (snapshot) throws(CatalogError) in
            try Examples(snapshot, name, label)
        }
    }

    private init(
        _ snapshot: CatalogSnapshot, _ name: CollectionName, _ label: (Item) throws(CatalogError) -> String?
    ) throws(CatalogError) {
        let record = try snapshot.collection(name)
        definition = record.definition
        vectors = definition.spaces.map { _ in [] }
        var known: [Int64: String] = [:]
        try snapshot.items(of: record) { (item) throws(CatalogError) in known[item.row] = try label(item) }
        let (element, spaces) = (definition.element, definition.spaces)
        var (vectors, labels): ([[[Float]]], [String]) = (self.vectors, [])
        var bar = ProgressBar(total: record.items, unit: "items read")
        defer { bar.finish() }
        try snapshot.vectors(of: record) { (row, bytes) throws(CatalogError) in
            bar.advance()
            guard let own = known[row] else { return }
            labels.append(own)
            let values = VectorCoding.decode(bytes, as: element)
            var start = 0
            for (number, space) in spaces.enumerated() {
                let segment = Embedding(space: space.name, values: Array(values[start..<start + space.dimensions]))
                vectors[number].append(segment.normalised.values)
                start += space.dimensions
            }
        }
        (self.vectors, self.labels) = (vectors, labels)
    }
}

extension JSONValue {
    /// A text, number or truth value as a label; nil for anything else.
    fileprivate var scalarText: String? {
        switch self {
        case .string(let text): text.text
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .bool(let truth): truth ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}
