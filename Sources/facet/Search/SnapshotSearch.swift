// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import ModelFolders
internal import Vectors

/// An exact search of one state of a collection: every item is compared, for the weights and for each space alone.
struct SnapshotSearch {
    /// An item found.
    struct Hit {
        let item: Item
        let score: Double
        /// The cosine with the query in each space, in the collection's order.
        let cosines: [Double]
    }

    /// Where the query's vectors come from.
    enum Query {
        /// A vector for each space, in the collection's order.
        case vectors([[Float]])
        /// A stored item, which is not found itself.
        case item(ItemID)
    }

    let record: CollectionRecord
    let weights: SearchWeights
    let count: Int
    let filter: Filter

    /// The best items by the weights, and the best of each space alone.
    struct Answer {
        var combined: [Hit]
        var alone: [[Hit]]
    }

    /// Compares every item; `moved` is called with the number of items behind.
    func run(
        _ query: Query, in snapshot: CatalogSnapshot, moved: (Int) -> Void
    ) throws(CatalogError) -> Answer {
        let spaces = record.definition.spaces
        let (vectors, own) = try resolve(query, in: snapshot)
        let kept = try rows(in: snapshot)
        var best = Array(repeating: Ranking(count: count), count: spaces.count + 1)
        var done = 0
        try snapshot.slices(of: record, rows: 1_024) { (rows, floats) throws(CatalogError) in
            for (place, row) in rows.enumerated() where row != own && kept?.contains(row) != false {
                let components = record.definition.components
                let vector = UnsafeBufferPointer(rebasing: floats[place * components..<(place + 1) * components])
                let cosines = Self.cosines(vectors, vector)
                best[0].offer(row, weights.score(cosines), cosines)
                for number in spaces.indices { best[number + 1].offer(row, cosines[number], cosines) }
            }
            done += rows.count
            moved(done)
        }
        var hits: [[Hit]] = []
        for ranking in best { hits.append(try items(ranking, in: snapshot)) }
        return Answer(combined: hits[0], alone: Array(hits.dropFirst()))
    }

    private func items(_ ranking: Ranking, in snapshot: CatalogSnapshot) throws(CatalogError) -> [Hit] {
        var hits: [Hit] = []
        for entry in ranking.entries {
            guard let item = try snapshot.item(row: entry.row, of: record) else { continue }
            hits.append(Hit(item: item, score: entry.score, cosines: entry.cosines))
        }
        return hits
    }

    private func resolve(
        _ query: Query, in snapshot: CatalogSnapshot
    ) throws(CatalogError) -> (vectors: [[Float]], own: Int64?) {
        switch query {
        case .vectors(let vectors): return (vectors, nil)
        case .item(let id):
            let own = try snapshot.item(id, of: record).row
            var values: [Float] = []
            try snapshot.vectors(of: record) { (row, bytes) throws(CatalogError) in
                if row == own { values = VectorCoding.decode(bytes, as: record.definition.element) }
            }
            var (vectors, start): ([[Float]], Int) = ([], 0)
            for space in record.definition.spaces {
                vectors.append(Array(values[start..<start + space.dimensions]))
                start += space.dimensions
            }
            return (vectors, own)
        }
    }

    /// The rows that meet the filter; nil for all.
    private func rows(in snapshot: CatalogSnapshot) throws(CatalogError) -> Set<Int64>? {
        guard filter != .everything else { return nil }
        var kept: Set<Int64> = []
        try snapshot.items(of: record) { (item) throws(CatalogError) in
            if try filter.matches(item.metadata.value) { kept.insert(item.row) }
        }
        return kept
    }

    private static func cosines(_ query: [[Float]], _ vector: UnsafeBufferPointer<Float>) -> [Double] {
        var start = 0
        return query.map { part in
            var (dot, own, other): (Float, Float, Float) = (0, 0, 0)
            for (place, value) in part.enumerated() {
                let stored = vector[start + place]
                dot += value * stored
                own += value * value
                other += stored * stored
            }
            start += part.count
            let length = (own * other).squareRoot()
            return length > 0 ? Double(dot / length) : 0
        }
    }
}

/// The best of what is offered, best first; of equal ones the earlier row.
private struct Ranking {
    struct Entry {
        let row: Int64
        let score: Double
        let cosines: [Double]
    }

    let count: Int
    private(set) var entries: [Entry] = []

    init(count: Int) {
        self.count = count
    }

    mutating func offer(_ row: Int64, _ score: Double, _ cosines: [Double]) {
        if entries.count == count {
            guard let last = entries.last, score > last.score else { return }
            entries.removeLast()
        }
        let place = entries.firstIndex { $0.score < score } ?? entries.count
        entries.insert(Entry(row: row, score: score, cosines: cosines), at: place)
    }
}
