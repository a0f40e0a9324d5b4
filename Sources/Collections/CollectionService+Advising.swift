// SPDX-License-Identifier: Apache-2.0

package import Advice
package import Catalog
internal import VectorSearch
package import Vectors

/// What is known about the items of a collection that a task is about.
package enum AdviceExamples: Sendable {
    /// Items with a label each.
    case labelled([(id: ItemID, label: String)])
    /// Pairs of items that are the same thing for the task, or different things.
    case pairs([(first: ItemID, second: ItemID, isSame: Bool)])

    /// Examples at most.
    package static let most = 10_000
}

extension CollectionService {
    /// Which of the collection's spaces, in which proportions, suit the examples.
    ///
    /// `sensitivities` tells what each space keeps, where that is known. Takes up to a second or two for hundreds of
    /// examples; blocks.
    package func advise(
        _ name: CollectionName, _ examples: AdviceExamples, sensitivities: [SpaceName: [String]], seed: UInt64 = 0
    ) throws(CollectionsError) -> Advice {
        let entry = try entry(name)
        let spaces = entry.record.definition.spaces
        let adviser = Adviser(
            spaces: spaces.map { .init(name: $0.name.text, sensitiveTo: sensitivities[$0.name]) }, seed: seed)
        switch examples {
        case .labelled(let list):
            let vectors = try segments(list.map(\.id), name, entry)
            return try advice { () throws(AdviceError) in
                try adviser.advise(vectors: vectors, labels: list.map(\.label))
            }
        case .pairs(let list):
            let first = try segments(list.map(\.first), name, entry)
            let second = try segments(list.map(\.second), name, entry)
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
    private func segments(
        _ ids: [ItemID], _ name: CollectionName, _ entry: IndexBook.Entry
    ) throws(CollectionsError) -> [[[Float]]] {
        guard ids.count <= AdviceExamples.most else {
            throw .outOfRange(name: "examples", allowed: "at most \(AdviceExamples.most)")
        }
        let rows = try rows(ids, in: name)
        var result = entry.record.definition.spaces.map { _ in [[Float]]() }
        for (place, row) in rows.enumerated() {
            guard let vector = entry.index.vector(of: row) else { throw .noSuchExample(place: place) }
            var start = 0
            for (space, definition) in entry.record.definition.spaces.enumerated() {
                result[space].append(Array(vector[start..<start + definition.dimensions]))
                start += definition.dimensions
            }
        }
        return result
    }
}
