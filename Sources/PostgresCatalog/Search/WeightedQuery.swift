// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Collections
internal import VectorSearch
internal import Vectors

/// A query that was checked: every part at length 1 with its weight's share of the whole.
///
/// The sum over spaces of share x cosine is the inner product of ``scaled`` with an item's stored concatenation.
struct WeightedQuery: Sendable {
    private struct Part: Sendable {
        let space: SpaceName
        let start: Int
        let vector: [Float]
        let share: Double
    }

    private let parts: [Part]
    /// Each space's share, zero where nothing is asked of it; in the collection's order.
    let shares: [Double]
    /// What the stored concatenation is multiplied with.
    let scaled: [Float]

    /// Throws `weightNotFinite`, `noWeight`, `wrongLength` and `notFinite`.
    init(_ asked: [SearchRequest.Part], _ spaces: [CollectionSpace]) throws(VectorSearchError) {
        guard asked.allSatisfy({ $0.weight.isFinite }) else { throw .weightNotFinite }
        let largest = asked.reduce(0) { max($0, abs($1.weight)) }
        guard largest > 0 else { throw .noWeight }
        // Divided by the largest first: the sum of weights as large as a double may be would not be finite.
        let whole = asked.reduce(0) { $0 + abs($1.weight / largest) }
        let starts = spaces.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.dimensions) }
        var parts: [Part] = []
        var shares = [Double](repeating: 0, count: spaces.count)
        var scaled = [Float](repeating: 0, count: starts.last ?? 0)
        for part in asked {
            let space = spaces[part.segment]
            guard part.vector.count == space.dimensions else {
                throw .wrongLength(expected: space.dimensions, found: part.vector.count)
            }
            guard part.vector.allSatisfy(\.isFinite) else { throw .notFinite }
            let unit = UnitSegments.normalise(part.vector, [space])
            let share = part.weight / largest / whole
            parts.append(Part(space: space.name, start: starts[part.segment], vector: unit, share: share))
            shares[part.segment] = share
            for (place, value) in unit.enumerated() {
                scaled[starts[part.segment] + place] = Float(share * Double(value))
            }
        }
        (self.parts, self.shares, self.scaled) = (parts, shares, scaled)
    }

    /// The score of a stored vector, and the cosine in every space that the query has a vector for.
    func score(_ vector: [Float]) -> (score: Float, cosines: [(space: SpaceName, cosine: Float)]) {
        var score = 0.0
        var cosines: [(space: SpaceName, cosine: Float)] = []
        for part in parts {
            var dot = 0.0
            for (place, value) in part.vector.enumerated() { dot += Double(value) * Double(vector[part.start + place]) }
            let cosine = min(1, max(-1, dot))
            score += part.share * cosine
            cosines.append((part.space, Float(cosine)))
        }
        return (Float(score), cosines)
    }

    /// Which kind of weighting it is, for what was measured; nil for those that are always scanned.
    var kind: GraphKind? { Self.kind(of: shares) }

    static func kind(of shares: [Double]) -> GraphKind? {
        guard shares.allSatisfy({ $0 >= 0 }), let largest = shares.indices.max(by: { shares[$0] < shares[$1] }) else {
            return nil
        }
        if shares.count > 1, shares[largest] >= 0.85 { return .only(largest, isNegative: false) }
        return shares.allSatisfy { $0 >= 0.5 / Double(shares.count) } ? .even : .uneven
    }
}
