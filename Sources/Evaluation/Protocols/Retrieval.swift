// SPDX-License-Identifier: Apache-2.0

package import Kernels
package import Statistics

/// Search by cosine: whether a query finds its own kind, or itself in another view.
///
/// Both questions rank the whole bank for every query, exactly. Equal similarities count by their expectation
/// (a collapsed representation gets chance). Recall has Wilson's interval, precision is bootstrapped over the queries;
/// groups count as a whole.
package struct Retrieval: Sendable {
    /// The depths k of recall@k.
    package let depths: [Int]
    package let bootstrap: Bootstrap
    private let bank: FeatureTable
    private let scores: ScoreBank
    private let pool: ComputePool?

    /// A search over `bank`; work is spread over `pool`.
    ///
    /// - Throws: ``ProtocolError/noRows(role:)`` for an empty bank.
    package init(
        bank: FeatureTable, depths: [Int] = [1, 5, 10], bootstrap: Bootstrap = Bootstrap(), pool: ComputePool? = nil
    ) throws(ProtocolError) {
        precondition(depths.allSatisfy { $0 > 0 }, "depths \(depths)")
        guard bank.count > 0 else { throw .noRows(role: "bank") }
        self.bank = bank.unitRows()
        self.depths = depths
        self.bootstrap = bootstrap
        self.pool = pool
        scores = ScoreBank(self.bank, pool: pool)
    }

    /// What the queries found.
    package struct Report: Sendable {
        /// For each depth k, the share of queries with a right row among the first k.
        package let recall: [Int: Estimate]
        /// The mean over queries of the average precision.
        ///
        /// 1 when all right rows come first; with one right row a query it is the mean reciprocal rank.
        package let meanAveragePrecision: Estimate
        /// The median over queries of the place of the first right row, from 1.
        package let medianRank: Double
        /// Queries that have nothing to find and do not count.
        package let queriesLeftOut: Int
        /// For each depth, a number a query that counts, in order; for ``PairedDifference``.
        package let hits: [Int: [Double]]
        /// The average precision of each query that counts.
        package let averagePrecisions: [Double]
        /// The group of each query that counts.
        package let groups: [Int]?
    }

    /// Right are the rows of the query's label.
    ///
    /// With the bank itself as queries, exclude their own rows (or groups).
    /// - Throws: ``ProtocolError/noRows(role:)``, and ``ProtocolError/nothingToFind`` when no query has a right row.
    package func byLabel(
        _ queries: FeatureTable, excluding exclusion: NearestNeighbours.Exclusion = .nobody
    ) throws(ProtocolError) -> Report {
        let filter = RowFilter(exclusion, queries: queries, bank: bank)
        let (labels, wanted) = (bank.labels, queries.labels)
        return try report(queries) { query, row in
            filter.allows(row, for: query) ? labels[row] == wanted[query] : nil
        }
    }

    /// Right is, for query i, only the bank's row i: another view of the same image.
    ///
    /// The bank may have more rows than there are queries.
    /// - Throws: ``ProtocolError/noRows(role:)`` when there are no queries.
    package func instances(_ queries: FeatureTable) throws(ProtocolError) -> Report {
        precondition(queries.count <= bank.count, "\(queries.count) queries, a bank of \(bank.count)")
        return try report(queries) { query, row in query == row }
    }

    /// What one query found; nil when there was nothing to find.
    private struct Finding: Sendable {
        let hits: [Double]
        let precision: Double
        let rank: Double
    }

    private func report(
        _ queries: FeatureTable, _ isRelevant: @Sendable (_ query: Int, _ row: Int) -> Bool?
    ) throws(ProtocolError) -> Report {
        guard queries.count > 0 else { throw .noRows(role: "queries") }
        let found: [Finding?] = scores.map(queries.unitRows(), pool: pool) { [depths] query, similarities in
            let ranking = Ranking(similarities) { isRelevant(query, $0) }
            return ranking.firstRank.map { rank in
                Finding(hits: depths.map(ranking.recall), precision: ranking.averagePrecision, rank: rank)
            }
        }
        let counted = found.indices.filter { found[$0] != nil }
        guard !counted.isEmpty else { throw .nothingToFind }
        return summary(
            found.compactMap(\.self), leftOut: found.count - counted.count,
            groups: queries.groups.map { groups in counted.map { groups[$0] } })
    }

    private func summary(_ findings: [Finding], leftOut: Int, groups: [Int]?) -> Report {
        var (recall, hits): ([Int: Estimate], [Int: [Double]]) = ([:], [:])
        for (place, depth) in depths.enumerated() {
            let column = findings.map { $0.hits[place] }
            hits[depth] = column
            recall[depth] = .proportion(of: column, groups: groups)
        }
        let precisions = findings.map(\.precision)
        return Report(
            recall: recall, meanAveragePrecision: bootstrap.mean(of: precisions, groups: groups),
            medianRank: Bootstrap.quantile(0.5, of: findings.map(\.rank).sorted()), queriesLeftOut: leftOut, hits: hits,
            averagePrecisions: precisions, groups: groups)
    }
}
