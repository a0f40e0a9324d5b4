// SPDX-License-Identifier: Apache-2.0

import TestSupport
import VectorSearch

/// Rows and queries of every awkward kind.
struct RandomRows {
    var random: SeededGenerator
    let segments: [Int]
    private var seen: [[Float]] = []

    init(seed: UInt64, segments: [Int]) {
        random = SeededGenerator(seed: seed)
        self.segments = segments
    }

    /// A row: fresh, a copy of an earlier one, or one that is very near to an earlier one.
    mutating func row() -> [Float] {
        let row: [Float]
        if let earlier = seen.randomElement(using: &random), Bool.random(using: &random) {
            let noise = [Float]([0, 1e-6, 1e-4, 1e-2]).randomElement(using: &random) ?? 0
            row = earlier.map { $0 + noise * Float.random(in: -1...1, using: &random) }
        } else {
            row = segments.flatMap { segment($0) }
        }
        seen.append(row)
        return row
    }

    /// Uniform, one-hot, heavy-tailed, of two values, huge, tiny or zero.
    mutating func segment(_ length: Int) -> [Float] {
        let plain = random.floats(length)
        switch Int.random(in: 0..<9, using: &random) {
        case 0: return (0..<length).map { $0 == length / 2 ? -3 : 0 }
        case 1: return plain.map { $0 * $0 * $0 * $0 * $0 * $0 * $0 }
        case 2: return plain.map { $0 < 0 ? -1 : 1 }
        case 3: return plain.map { $0 * 1e30 }
        case 4: return plain.map { $0 * 1e-30 }
        case 5: return Int.random(in: 0..<3, using: &random) == 0 ? plain.map { _ in 0 } : plain
        default: return plain
        }
    }

    /// A query for a subset of the segments, near to a row as often as not.
    mutating func query(keys: [Int64]) -> SearchQuery {
        let near = seen.randomElement(using: &random)
        let useNear = Bool.random(using: &random)
        var parts: [SearchQuery.Part] = []
        for _ in 0..<Int.random(in: 1...(segments.count + 1), using: &random) {
            let number = Int.random(in: 0..<segments.count, using: &random)
            let start = segments[..<number].reduce(0, +)
            let vector = useNear ? near.map { Array($0[start..<start + segments[number]]) } : nil
            let weights: [Double] = [1, 0.5, 0, -1, -0.3, 1e-9, 2.7, 1e300]
            parts.append(
                .init(
                    segment: number, vector: vector ?? segment(segments[number]),
                    weight: weights.randomElement(using: &random) ?? 1))
        }
        if parts.allSatisfy({ $0.weight == 0 }) { parts[0].weight = 1 }
        var query = SearchQuery(parts: parts)
        query.k = [0, 1, 2, 10, 50, 2000, .max].randomElement(using: &random) ?? 1
        query.offset = [0, 0, 1, 7, 300, .max].randomElement(using: &random) ?? 0
        query.minScore = [nil, nil, -0.2, 0.1, 0.9, 1].randomElement(using: &random) ?? nil
        let share = Int.random(in: 1...20, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: query.filter = .keys(keys.filter { _ in Int.random(in: 0..<share, using: &random) == 0 } + [-99])
        case 1: query.filter = .matching { $0 % Int64(share) == 0 }
        default: query.filter = .all
        }
        return query
    }
}
