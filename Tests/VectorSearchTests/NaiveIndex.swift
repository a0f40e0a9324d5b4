// SPDX-License-Identifier: Apache-2.0

import VectorSearch

/// The plain reference: every row scored in double, then sorted.
struct NaiveIndex {
    let segments: [Int]
    private(set) var rows: [Int64: [Float]] = [:]

    init(_ segments: [Int]) {
        self.segments = segments
    }

    mutating func upsert(_ key: Int64, _ vector: [Float]) {
        var (row, start) = ([Float](), 0)
        for length in segments {
            row += Self.unit(Array(vector[start..<start + length]))
            start += length
        }
        rows[key] = row
    }

    mutating func remove(_ key: Int64) { rows[key] = nil }

    func search(_ query: SearchQuery) -> [SearchHit] {
        let allowed: (Int64) -> Bool =
            switch query.filter {
            case .all: { _ in true }
            case .keys(let keys): Set(keys).contains
            case .matching(let isCounted): isCounted
            }
        let largest = query.parts.map { abs($0.weight) }.max() ?? 0
        let whole = query.parts.reduce(0) { $0 + abs($1.weight / largest) }
        let hits = rows.filter { allowed($0.key) }.map { key, row -> SearchHit in
            let cosines = query.parts.map { part -> Double in
                let start = segments[..<part.segment].reduce(0, +)
                let stored = Array(row[start..<start + segments[part.segment]])
                return min(1, max(-1, Self.dot(Self.unit(part.vector), stored)))
            }
            var score = 0.0
            for (part, cosine) in zip(query.parts, cosines) where part.weight != 0 {
                let share: Double = part.weight / largest / whole
                score += share * cosine
            }
            return SearchHit(key: key, score: Float(score), cosines: cosines.map(Float.init))
        }
        let ranking = hits.filter { $0.score >= query.minScore ?? -.infinity }
            .sorted { $0.score == $1.score ? $0.key < $1.key : $0.score > $1.score }
        return Array(ranking.dropFirst(query.offset).prefix(query.k))
    }

    /// In the order that ``VectorIndex`` promises, so that the bits are comparable.
    static func dot(_ left: [Float], _ right: [Float]) -> Double {
        var sums = [Double](repeating: 0, count: 8)
        let whole = left.count / 8 * 8
        for index in left.indices {
            sums[index < whole ? index % 8 : index - whole] += Double(left[index]) * Double(right[index])
        }
        return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]))
    }

    static func unit(_ vector: [Float]) -> [Float] {
        let square = dot(vector, vector)
        guard square > 0, abs(square - 1) > 1e-6 else { return vector }
        return vector.map { Float(Double($0) / square.squareRoot()) }
    }
}
