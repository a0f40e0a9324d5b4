// SPDX-License-Identifier: Apache-2.0

package import Catalog
package import Vectors

/// What every engine asks of a request before it looks for anything.
extension SearchRequest {
    /// One space of a query: its place among the collection's spaces, what is looked for and how much it counts.
    package struct Part: Sendable {
        package let segment: Int
        package let vector: [Float]
        package let weight: Double

        package init(segment: Int, vector: [Float], weight: Double) {
            self.segment = segment
            self.vector = vector
            self.weight = weight
        }
    }

    /// Throws ``CollectionsError/outOfRange(name:allowed:)``.
    package func check() throws(CollectionsError) {
        guard (1...SearchRequest.mostHits).contains(k) else {
            throw .outOfRange(name: "k", allowed: "1 to \(SearchRequest.mostHits)")
        }
        guard (0...SearchRequest.mostOffset).contains(offset) else {
            throw .outOfRange(name: "offset", allowed: "0 to \(SearchRequest.mostOffset)")
        }
        if let least = minScore, !least.isFinite {
            throw .outOfRange(name: "min_score", allowed: "a number, -1 to 1")
        }
        if case .examples(let like, let unlike) = source {
            guard max(like.count, unlike.count) <= SearchRequest.mostExamples else {
                throw .outOfRange(name: "like", allowed: "at most \(SearchRequest.mostExamples) items")
            }
        }
    }

    /// Throws `unknownSpace` and `nothingToSearch` for a query's vectors.
    package static func require(
        _ vectors: [SpaceName: [Float]], in spaces: [CollectionSpace]
    ) throws(CollectionsError) {
        let known = Set(spaces.map(\.name))
        guard vectors.keys.allSatisfy(known.contains) else {
            throw .unknownSpace(known: spaces.map(\.name.text))
        }
        guard !vectors.isEmpty else { throw .nothingToSearch }
    }

    /// The parts of a query, in the order of the collection's spaces; throws `unknownSpace` and `noVector`.
    package func parts(
        _ vectors: [SpaceName: [Float]], of spaces: [CollectionSpace]
    ) throws(CollectionsError) -> [Part] {
        for name in weights.keys {
            guard spaces.contains(where: { $0.name == name }) else {
                throw .unknownSpace(known: spaces.map(\.name.text))
            }
            guard vectors[name] != nil || weights[name] == 0 else { throw .noVector(space: name.text) }
        }
        return spaces.enumerated().compactMap { segment, space in
            vectors[space.name].map {
                Part(segment: segment, vector: $0, weight: weights.isEmpty ? 1 : weights[space.name] ?? 0)
            }
        }
    }
}
