// SPDX-License-Identifier: Apache-2.0

/// What to look for: vectors with weights, and which part of the ranking to return.
package struct SearchQuery: Sendable {
    /// One vector in one segment.
    ///
    /// Several parts may name the same segment: like these, unlike that.
    package struct Part: Sendable {
        /// The segment's place in the layout.
        package var segment: Int
        /// As many floats as the segment has, of which only the direction counts; zeros give cosine 0.
        package var vector: [Float]
        /// Any finite number; negative means far away is better.
        ///
        /// 0 leaves the part out of the score (and its segment out
        /// of the scan), its cosine is still reported.
        package var weight: Double

        package init(segment: Int, vector: [Float], weight: Double = 1) {
            self.segment = segment
            self.vector = vector
            self.weight = weight
        }
    }

    package var parts: [Part]
    /// Hits to return at most, after the first `offset`.
    package var k: Int
    package var offset: Int
    /// Hits score at least this, if given.
    package var minScore: Float?
    /// Which rows count.
    package var filter: RowFilter
    /// Whether every row's score must count, also where a graph would find most of the best much sooner.
    package var exact: Bool
    /// Rows that a walk of the graph keeps in view; nil for as many as were measured to be enough.
    package var effort: Int?

    package init(
        parts: [Part], k: Int = 10, offset: Int = 0, minScore: Float? = nil, filter: RowFilter = .all,
        exact: Bool = false,
        effort: Int? = nil
    ) {
        self.parts = parts
        self.k = k
        self.offset = offset
        self.minScore = minScore
        self.filter = filter
        self.exact = exact
        self.effort = effort
    }
}

/// Which rows of the index a query counts.
package enum RowFilter: Sendable {
    case all
    /// These keys only; blocks of 16 rows without any are not read. Keys that the index lacks are passed over.
    /// Finding the rows takes the index's lock for about 0.1 us a key.
    case keys([Int64])
    /// Keys for which this is true. Called on several threads, and only for rows whose bound reaches the ranking.
    case matching(@Sendable (Int64) -> Bool)
}
