// SPDX-License-Identifier: Apache-2.0

/// One row found.
package struct SearchHit: Hashable, Sendable {
    package let key: Int64
    /// sum w_i cos_i / sum |w_i|, computed in double from the stored floats.
    package let score: Float
    /// The cosine of every part of the query, in the query's order; between -1 and 1.
    package let cosines: [Float]

    package init(key: Int64, score: Float, cosines: [Float]) {
        self.key = key
        self.score = score
        self.cosines = cosines
    }
}

/// The best rows, best first; equal scores by ascending key.
package struct SearchResult: Hashable, Sendable {
    package let hits: [SearchHit]
    /// True: the ranking is that of every row's exact score.
    ///
    /// False: a graph was walked, and some may be missing.
    package let exact: Bool
    /// The share of the best rows that such a search was measured to find; 1 for an exact one.
    package let recall: Double
    /// Rows whose exact score had to be computed.
    package let rescored: Int
}
