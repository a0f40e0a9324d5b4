// SPDX-License-Identifier: Apache-2.0

package import Kernels
private import Foundation

/// The weighted nearest-neighbour classifier on frozen features (InstDisc, section 3.4).
///
/// Features are compared by their cosine. The k most alike rows of the bank vote for their class with the weight
/// exp(cosine / temperature). Nothing is trained, so nothing needs choosing but k and the temperature. The bank must not
/// hold test rows unless they are excluded.
package struct NearestNeighbours: Sendable {
    /// How neighbours vote.
    package struct Options: Sendable, Equatable, Codable {
        /// Neighbours that vote; clamped to the rows there are.
        package var k: Int
        package var temperature: Double

        package init(k: Int, temperature: Double) {
            precondition(k > 0 && temperature > 0, "k \(k), temperature \(temperature)")
            self.k = k
            self.temperature = temperature
        }

        /// What InstDisc, MoCo and most tools use on large sets.
        package static let published = Options(k: 200, temperature: 0.1)
        /// What DINO and solo-learn use; for classes of few images.
        package static let small = Options(k: 20, temperature: 0.07)

        /// ``published`` where a class has 200 rows of the bank on average, ``small`` where most of 200 neighbours would be
        /// of other classes by force.
        package static func suited(rows: Int, classes: Int) -> Options {
            rows >= published.k * max(1, classes) ? .published : .small
        }
    }

    /// A row of the bank and its cosine with the query.
    package struct Neighbour: Sendable, Equatable {
        package let row: Int
        package let similarity: Float
    }

    /// The rows of the bank that a query may not find.
    package enum Exclusion: Sendable {
        case nobody
        /// Query i is the bank's row i.
        case ownRow
        /// Rows of the query's group; without groups in both tables nobody is.
        case ownGroup
    }

    /// The labels and groups, and the features at unit length.
    let bank: FeatureTable
    private let scores: ScoreBank
    private let pool: ComputePool?

    /// A classifier whose votes are the rows of `bank`; work is spread over `pool`.
    ///
    /// - Throws: ``ProtocolError/noRows(role:)`` for an empty bank.
    package init(bank: FeatureTable, pool: ComputePool? = nil) throws(ProtocolError) {
        guard bank.count > 0 else { throw .noRows(role: "bank") }
        self.bank = bank.unitRows()
        self.pool = pool
        scores = ScoreBank(self.bank, pool: pool)
    }

    /// The `count` most alike rows of the bank for every query, best first; of equals the one with the lower number.
    ///
    /// A list is shorter where there are not as many rows.
    package func neighbours(
        of queries: FeatureTable, count: Int, excluding exclusion: Exclusion = .nobody
    ) -> [[Neighbour]] {
        let filter = RowFilter(exclusion, queries: queries, bank: bank)
        return scores.map(queries.unitRows(), pool: pool) { query, similarities in
            var best = BestRows(limit: count)
            for row in 0..<similarities.count where best.wants(similarities[row]) && filter.allows(row, for: query) {
                best.insert(Neighbour(row: row, similarity: similarities[row]))
            }
            return best.sorted()
        }
    }

    /// Classifies every query.
    ///
    /// - Throws: ``ProtocolError/noRows(role:)`` when there are none.
    package func classify(
        _ queries: FeatureTable, options: Options = .published, excluding exclusion: Exclusion = .nobody
    ) throws(ProtocolError) -> Classification {
        guard queries.count > 0 else { throw .noRows(role: "queries") }
        let found = neighbours(of: queries, count: min(options.k, bank.count), excluding: exclusion)
        let classes = max(bank.classes, queries.classes)
        let scores = found.map { votes(of: $0, temperature: options.temperature, classes: classes) }
        return Classification(scores: scores, truth: queries.labels, groups: queries.groups, classes: classes)
    }

    private func votes(of neighbours: [Neighbour], temperature: Double, classes: Int) -> [Double] {
        var votes = [Double](repeating: 0, count: classes)
        for neighbour in neighbours {
            votes[bank.labels[neighbour.row]] += exp((Double(neighbour.similarity) - 1) / temperature)
        }
        return votes
    }
}

/// Tells which rows of a bank a query may find.
struct RowFilter: Sendable {
    private let exclusion: NearestNeighbours.Exclusion
    private let queryGroups: [Int]
    private let bankGroups: [Int]

    init(_ exclusion: NearestNeighbours.Exclusion, queries: FeatureTable, bank: FeatureTable) {
        queryGroups = queries.groups ?? []
        bankGroups = bank.groups ?? []
        let isBlind = queries.groups == nil || bank.groups == nil
        if case .ownGroup = exclusion, isBlind { self.exclusion = .nobody } else { self.exclusion = exclusion }
    }

    func allows(_ row: Int, for query: Int) -> Bool {
        switch exclusion {
        case .nobody: true
        case .ownRow: row != query
        case .ownGroup: bankGroups[row] != queryGroups[query]
        }
    }
}

/// The best rows so far in a binary heap, the worst of them at the root.
private struct BestRows {
    private let limit: Int
    private var heap: [NearestNeighbours.Neighbour] = []

    init(limit: Int) {
        self.limit = limit
        heap.reserveCapacity(limit)
    }

    /// Whether a row with a higher number than all before would get in.
    func wants(_ similarity: Float) -> Bool {
        heap.count < limit || limit > 0 && similarity > heap[0].similarity
    }

    mutating func insert(_ neighbour: NearestNeighbours.Neighbour) {
        if heap.count < limit {
            heap.append(neighbour)
            rise(from: heap.count - 1)
        } else {
            heap[0] = neighbour
            sink()
        }
    }

    func sorted() -> [NearestNeighbours.Neighbour] { heap.sorted { Self.isWorse($1, $0) } }

    private static func isWorse(_ a: NearestNeighbours.Neighbour, _ b: NearestNeighbours.Neighbour) -> Bool {
        a.similarity == b.similarity ? a.row > b.row : a.similarity < b.similarity
    }

    private mutating func rise(from place: Int) {
        var place = place
        while place > 0, Self.isWorse(heap[place], heap[(place - 1) / 2]) {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func sink() {
        var place = 0
        while 2 * place + 1 < heap.count {
            var child = 2 * place + 1
            if child + 1 < heap.count, Self.isWorse(heap[child + 1], heap[child]) { child += 1 }
            guard Self.isWorse(heap[child], heap[place]) else { return }
            heap.swapAt(place, child)
            place = child
        }
    }
}
