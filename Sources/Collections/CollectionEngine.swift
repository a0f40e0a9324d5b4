// SPDX-License-Identifier: Apache-2.0

package import Advice
package import Catalog
package import VectorSearch
package import Vectors

/// Collections that can be searched: items in a store, and questions about their vectors.
///
/// ``CollectionService`` holds every vector in memory beside one file of SQLite's; another engine leaves both to a database
/// server. All give the same answers, which one suite of tests holds them to. Any thread; calls block.
package protocol CollectionEngine: Sendable {
    /// Where the items are.
    var store: any ItemStore { get }
    /// Searches that make sense at the same time: 1 where each uses all threads.
    var searchesAtOnce: Int { get }
    /// What is held in memory, for metrics; zero where the vectors are elsewhere.
    var size: (collections: Int, vectors: Int, bytes: Int) { get }
    /// Why calls would be refused at this moment; nil when they would not. Returns at once.
    var trouble: StoreTrouble? { get }

    /// The best items for a request; a search that begins after a write was acknowledged sees it.
    func search(_ name: CollectionName, _ request: SearchRequest) throws(CollectionsError) -> SearchAnswer
    /// How far the collection's graph is, and what was measured on it; nil when there is to be none.
    func approximation(of name: CollectionName) throws(CollectionsError) -> ApproximationStatus?
    /// The vectors of some items, every segment at length 1 or zero; throws ``CollectionsError/noSuchExample(place:)``.
    func unitVectors(of ids: [ItemID], in record: CollectionRecord) throws(CollectionsError) -> [[Float]]
}

extension CollectionEngine {
    package var trouble: StoreTrouble? { nil }
    package var searchesAtOnce: Int { 1 }

    /// Which of the collection's spaces, in which proportions, suit the examples.
    ///
    /// `sensitivities` tells what each space keeps, where that is known. Takes up to a second or two for hundreds of
    /// examples; blocks.
    package func advise(
        _ name: CollectionName, _ examples: AdviceExamples, sensitivities: [SpaceName: [String]], seed: UInt64 = 0
    ) throws(CollectionsError) -> Advice {
        let record: CollectionRecord
        do throws(CatalogError) { record = try store.collection(name) } catch { throw .catalog(error) }
        let spaces = record.definition.spaces
        let adviser = Adviser(
            spaces: spaces.map { .init(name: $0.name.text, sensitiveTo: sensitivities[$0.name]) }, seed: seed)
        switch examples {
        case .labelled(let list):
            let vectors = try segments(list.map(\.id), record)
            return try advice { () throws(AdviceError) in
                try adviser.advise(vectors: vectors, labels: list.map(\.label))
            }
        case .pairs(let list):
            let first = try segments(list.map(\.first), record)
            let second = try segments(list.map(\.second), record)
            let cosines = list.indices.map { pair in
                spaces.indices.map { space in
                    zip(first[space][pair], second[space][pair]).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
                }
            }
            return try advice { () throws(AdviceError) in
                try adviser.advise(cosines: cosines, isSame: list.map(\.isSame))
            }
        }
    }

    private func advice(_ body: () throws(AdviceError) -> Advice) throws(CollectionsError) -> Advice {
        do throws(AdviceError) { return try body() } catch { throw .advice(error) }
    }

    /// For each space, the unit vectors of the items.
    private func segments(_ ids: [ItemID], _ record: CollectionRecord) throws(CollectionsError) -> [[[Float]]] {
        guard ids.count <= AdviceExamples.most else {
            throw .outOfRange(name: "examples", allowed: "at most \(AdviceExamples.most)")
        }
        var result = record.definition.spaces.map { _ in [[Float]]() }
        for vector in try unitVectors(of: ids, in: record) {
            var start = 0
            for (space, definition) in record.definition.spaces.enumerated() {
                result[space].append(Array(vector[start..<start + definition.dimensions]))
                start += definition.dimensions
            }
        }
        return result
    }
}
