// SPDX-License-Identifier: Apache-2.0

package import Catalog
package import Vectors

/// What to look for in a collection.
package struct SearchRequest: Sendable {
    /// Where the query's vectors come from.
    package enum Source: Sendable {
        /// A vector for some of the collection's spaces; their lengths do not matter.
        case vectors([SpaceName: [Float]])
        /// Items like the one and unlike the other: the mean of the liked directions minus half the mean of the disliked
        /// ones, in every space (Rocchio, 1971). The items themselves are not found.
        case examples(like: [ItemID], unlike: [ItemID])
    }

    package var source: Source
    /// A weight for a space, any finite number; none for all spaces that there is a vector for, alike.
    package var weights: [SpaceName: Double]
    /// Hits at most, after the first `offset`.
    package var k: Int
    package var offset: Int
    package var filter: Filter
    /// Hits score at least this.
    package var minScore: Double?
    /// Whether every item's score must count, also where a graph would find nearly all of the best much sooner.
    package var exact: Bool

    package init(
        _ source: Source, weights: [SpaceName: Double] = [:], k: Int = 10, offset: Int = 0,
        filter: Filter = .everything, minScore: Double? = nil, exact: Bool = false
    ) {
        self.source = source
        self.weights = weights
        self.k = k
        self.offset = offset
        self.filter = filter
        self.minScore = minScore
        self.exact = exact
    }

    /// Hits, and hits passed over, at most.
    package static let mostHits = 1_000
    package static let mostOffset = 100_000
    /// Example items of each kind at most.
    package static let mostExamples = 100
    /// How much a disliked direction counts against a liked one.
    package static let unlikeShare: Float = 0.5
}

/// One item found.
package struct CollectionHit: Sendable, Equatable {
    package let item: Item
    /// sum w_i cos_i / sum |w_i| over the spaces with a weight.
    package let score: Double
    /// The cosine with the query in every space that the query has a vector for, in the collection's order.
    package let scores: [(space: SpaceName, cosine: Double)]

    package init(item: Item, score: Double, scores: [(space: SpaceName, cosine: Double)]) {
        self.item = item
        self.score = score
        self.scores = scores
    }

    package static func == (a: CollectionHit, b: CollectionHit) -> Bool {
        a.item == b.item && a.score == b.score && a.scores.elementsEqual(b.scores) { $0 == $1 }
    }
}

/// The items found, best first.
package struct SearchAnswer: Sendable, Equatable {
    package let hits: [CollectionHit]
    /// Whether the ranking is that of every item's exact score.
    package let isExact: Bool
    /// The share of the best items that such a search was measured to find in this collection; 1 for an exact one.
    package let expectedRecall: Double

    package init(hits: [CollectionHit], isExact: Bool, expectedRecall: Double) {
        self.hits = hits
        self.isExact = isExact
        self.expectedRecall = expectedRecall
    }
}
