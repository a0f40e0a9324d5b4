// SPDX-License-Identifier: Apache-2.0

package import Catalog
package import Collections
package import VectorSearch
internal import Vectors

/// Graphs of large collections: built beside the writes by one replica, measured, and used where they are good enough.
extension PostgresService {
    package func approximation(of name: CollectionName) throws(CollectionsError) -> ApproximationStatus? {
        guard let settings = postgres.configuration.approximation else { return nil }
        let record = try catalog { () throws(CatalogError) in try postgres.collection(name) }
        if let status = graphs.status(of: record.key) { return status }
        let isDue = record.items >= settings.leastRows && record.definition.components <= GraphBook.mostComponents
        return ApproximationStatus(
            phase: isDue ? .building : .off, linked: 0, pending: record.items, bytes: 0, measured: [])
    }

    /// Looks at every collection: builds what is due, unless another replica is at it, and reads what was measured.
    package func keepGraphs() throws(CatalogError) {
        guard let settings = postgres.configuration.approximation else { return }
        var all: [Int64: ApproximationStatus] = [:]
        for record in try postgres.collections() {
            let isDue =
                record.items >= settings.leastRows && record.definition.components <= GraphBook.mostComponents
            if isDue, try !hasGraph(record) { try buildGraph(record) }
            guard try hasGraph(record) else { continue }
            if let status = try measured(record) { all[record.key] = status }
        }
        graphs.keep(all)
    }

    /// Whether the index is there and whole.
    private func hasGraph(_ record: CollectionRecord) throws(CatalogError) -> Bool {
        let rows = try postgres.pool.read { (loan) throws(CatalogError) in
            try loan.run(
                Query(
                    "graph", "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)",
                    [.text(GraphBook.name(record.key))]))
        }
        return rows.count == 1 && rows.integer(0, 0) == 1
    }

    /// Builds one graph under a lock of its own; writes go on meanwhile.
    ///
    /// What a build that was cut off left is dropped first. The lock is the session's: it goes when the process does.
    private func buildGraph(_ record: CollectionRecord) throws(CatalogError) {
        let (name, key) = (GraphBook.name(record.key), record.key)
        try postgres.pool.lend(timeout: .seconds(24 * 3600)) { (loan) throws(CatalogError) in
            let lock = try loan.run(
                Query(once: "SELECT pg_try_advisory_lock(\(Int32(truncatingIfNeeded: Schema.lock)), \(key)::integer)"))
            guard lock.integer(0, 0) == 1 else { return }
            _ = try loan.run(
                Query(
                    once: "SELECT set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false)"))
            _ = try loan.run(Query(once: "DROP INDEX CONCURRENTLY IF EXISTS \(name)"))
            func statement(_ word: String) -> Query {
                Query(
                    once: """
                        CREATE INDEX \(word) \(name) ON facet_items
                        USING hnsw (\(GraphBook.expression(record)) halfvec_ip_ops) WITH (m = 24, ef_construction = 100)
                        WHERE collection = \(key)
                        """)
            }
            do throws(CatalogError) {
                _ = try loan.run(statement("CONCURRENTLY"))
            } catch .serverRefused(_, "0A000") {
                // A table that was cut into partitions takes indexes only all at once.
                _ = try loan.run(statement(""))
            }
            try measure(record, loan)
            loan.session.retire()
        }
    }

    // MARK: Measuring

    /// Efforts, the least first; 1,000 is the most that pgvector takes.
    private static let efforts = [40, 100, 200, 400, 800, 1_000]
    private static let depth = 10
    /// Part of what may be missing that is kept in reserve, because the measurement is one of a sample.
    private static let reserve = 0.3

    /// Measures the share of the best 10 that searches of each kind find, with stored items as queries and
    /// themselves left out, and takes the next effort above the first that finds enough.
    ///
    /// A new picture has no links of its own: of 52,000 rows in clusters, items found all of their best 10 with an effort of
    /// 40, and queries that were no items 0.980 of them; with 100 these found 0.998.
    private func measure(_ record: CollectionRecord, _ loan: Loan) throws(CatalogError) {
        guard let settings = postgres.configuration.approximation else { return }
        let spaces = record.definition.spaces
        let isHalf = record.definition.element == .float16
        let sample = try loan.run(
            Query(
                once: """
                    SELECT number, \(isHalf ? "half" : "single") FROM facet_items WHERE collection = \(record.key)
                    ORDER BY hashint8(number) LIMIT \(min(settings.probes, 50))
                    """))
        let probes = sample.indices.map { (row: sample.integer($0, 0), vector: sample.vector($0, 1, isHalf: isHalf)) }
        let enough = settings.recall + Self.reserve * (1 - settings.recall)
        var lines: [JSONValue] = []
        for weights in Self.weightings(spaces.count) {
            let queries = probes.compactMap { probe in
                (try? WeightedQuery(Self.parts(probe.vector, spaces, weights), spaces)).map { (probe.row, $0) }
            }
            guard let kind = queries.first?.1.kind else { continue }
            let exact = try queries.map { (row, query) throws(CatalogError) in
                try found(record, query, nil, loan).subtracting([row])
            }
            var (recall, chosen) = (0.0, Self.efforts[0])
            for (place, effort) in Self.efforts.dropLast().enumerated() {
                var hits = 0
                for ((_, query), wanted) in zip(queries, exact) {
                    hits += try found(record, query, effort, loan).intersection(wanted).count
                }
                let total = exact.reduce(0) { $0 + $1.count }
                recall = total == 0 ? 0 : Double(hits) / Double(total)
                chosen = Self.efforts[place + 1]
                if recall >= enough { break }
            }
            lines.append(Self.line(kind, (chosen, recall), isUsed: recall >= enough))
        }
        _ = try loan.run(
            Query(
                once: """
                    INSERT INTO facet_graphs VALUES ($1, $2, $3, $4) ON CONFLICT (collection)
                    DO UPDATE SET items = EXCLUDED.items, measured = EXCLUDED.measured, made = EXCLUDED.made
                    """,
                [
                    .integer(record.key), .integer(Int64(record.items)), .json(JSONValue.array(lines).canonicalText),
                    .integer(postgres.configuration.clock()),
                ]))
    }

    /// All alike, one much more than the others, and each alone.
    private static func weightings(_ count: Int) -> [[Double]] {
        guard count > 1 else { return [[1]] }
        let uneven = (0..<count).map { $0 == 0 ? 1.0 : $0 == 1 ? 0.4 : 0.1 }
        let single = (0..<min(count, 8)).map { own in (0..<count).map { $0 == own ? 1.0 : 0 } }
        return [[Double](repeating: 1, count: count), uneven] + single
    }

    private static func parts(_ vector: [Float], _ spaces: [CollectionSpace], _ weights: [Double]) -> [SearchRequest
        .Part]
    {
        var start = 0
        return spaces.indices.map { segment in
            defer { start += spaces[segment].dimensions }
            return SearchRequest.Part(
                segment: segment, vector: Array(vector[start..<start + spaces[segment].dimensions]),
                weight: weights[segment])
        }
    }

    /// The rows that a search finds, by the graph with an effort or by a scan.
    private func found(
        _ record: CollectionRecord, _ query: WeightedQuery, _ effort: Int?, _ loan: Loan
    ) throws(CatalogError) -> Set<Int64> {
        let graph = effort.map { GraphBook.Graph(effort: $0, recall: 0) }
        let request = SearchRequest(.vectors([:]), k: Self.depth + 1)
        let statement = SearchStatement(record, request, query, excluding: [], graph: graph)
        let rows = try loan.run(statement.queries)[statement.result]
        return Set(rows.indices.map { rows.integer($0, 0) })
    }

    // MARK: What was measured

    private static func line(_ kind: GraphKind, _ best: (effort: Int, recall: Double), isUsed: Bool) -> JSONValue {
        let segment: Int64 =
            switch kind {
            case .only(let segment, _): Int64(segment)
            case .even: -1
            case .uneven, .against: -2
            }
        return .array([
            .integer(segment), .integer(Int64(best.effort)), JSONValue.exact(best.recall) ?? .integer(0),
            .bool(isUsed),
        ])
    }

    private func measured(_ record: CollectionRecord) throws(CatalogError) -> ApproximationStatus? {
        let rows = try postgres.pool.read { (loan) throws(CatalogError) in
            try loan.run(
                Query(
                    "measured",
                    """
                    SELECT items, measured::text, coalesce(pg_relation_size(to_regclass($2)), 0)
                    FROM facet_graphs WHERE collection = $1
                    """, [.integer(record.key), .text(GraphBook.name(record.key))]))
        }
        guard rows.count == 1, case .array(let lines)? = try? JSONValue(rows.bytes(0, 1), depth: 4, size: 1 << 20)
        else { return nil }
        return ApproximationStatus(
            phase: .ready, linked: record.items, pending: 0, bytes: Int(rows.integer(0, 2)),
            measured: lines.compactMap(Self.recall))
    }

    private static func recall(_ line: JSONValue) -> MeasuredRecall? {
        guard case .array(let values) = line, values.count == 4, case .integer(let segment) = values[0],
            case .integer(let effort) = values[1], case .bool(let isUsed) = values[3]
        else { return nil }
        let recall: Double =
            switch values[2] {
            case .integer(let whole): Double(whole)
            case .number(let number): number
            default: 0
            }
        let kind: GraphKind =
            segment == -1 ? .even : segment == -2 ? .uneven : .only(Int(segment), isNegative: false)
        return MeasuredRecall(kind: kind, isUsed: isUsed, recall: recall, effort: Int(effort), scored: Int(effort))
    }
}
