// SPDX-License-Identifier: Apache-2.0

/// What can be wrong with vectors and queries that come from outside.
package enum VectorSearchError: Error, Hashable, Sendable {
    /// A layout needs 1 to 64 segments of 1 to 32,768 dimensions.
    case invalidLayout
    /// A vector's number of floats is not its segment's (or, for a row, the sum over segments).
    case wrongLength(expected: Int, found: Int)
    /// A component is infinite or not a number.
    case notFinite
    /// A key occurs twice in one load.
    case duplicateKey(Int64)
    /// The index holds as many rows as it can number (2^32 - 1).
    case full
    /// A query names a segment that the layout lacks.
    case unknownSegment(Int)
    /// A weight is infinite or not a number.
    case weightNotFinite
    /// A query has no part, or all its weights are zero.
    case noWeight
    /// `k` or `offset` is negative, or `minScore` is not a number.
    case invalidLimits
}
