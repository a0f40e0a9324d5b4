// SPDX-License-Identifier: Apache-2.0

internal import CVectorScan

/// Walks of the graph over one snapshot.
struct GraphWalk {
    let graph: LinkGraph
    let snapshot: IndexSnapshot
    let linked: Int
    let extra: [UInt32]

    /// The rows of best estimate, up to `effort`; nil when more than `budget` would have to be scored.
    func hits(
        _ query: PreparedQuery, kind: GraphKind, effort: Int, set: RowSet? = nil, skip: UInt32 = .max,
        budget: Int = .max
    ) -> (hits: [facet_scan_hit], scored: Int)? {
        let terms = query.segments.enumerated().map { index, segment in
            let term = query.terms[index]
            return facet_graph_term(
                segment: segment, offset: snapshot.layout.codeStarts[segment],
                length: PreparedQuery.codeCount(snapshot.layout.segments[segment]), codes: term.codes,
                factor: term.factor,
                reach: term.reach, bias: term.bias)
        }
        return terms.withUnsafeBufferPointer { terms in
            extra.withUnsafeBufferPointer { extra in
                graph.search(
                    facet_graph_query(
                        terms: terms.baseAddress, term_count: terms.count, slack: query.slack,
                        count: UInt32(snapshot.count), linked: UInt32(linked), extra: extra.baseAddress,
                        extra_count: extra.count, mask: set.map { UnsafePointer($0.words) }, skip: skip,
                        lists: kind.lists(query, graph: graph), effort: min(effort, snapshot.count), budget: budget),
                    in: snapshot)
            }
        }
    }

    /// The hits in the order of their exact scores.
    func rescored(_ hits: [facet_scan_hit], _ query: PreparedQuery, recall: Double) -> SearchResult {
        let task = ScanTask(index: 0, query: query, set: nil, rows: snapshot.count)
        var lowers = BestOf<Float>(task.need) { $0 > $1 }
        for hit in hits { lowers.offer(hit.lower) }
        if let worst = lowers.worst { task.threshold.raise(to: worst) }
        return Rescoring(snapshot: snapshot, task: task).result(
            of: hits.map { Candidates.Row(row: $0.row, upper: $0.upper) }, recall: recall)
    }
}

/// One query over the graph, where that is worth while.
struct GraphSearch {
    let snapshot: IndexSnapshot
    let view: GraphView
    let query: PreparedQuery
    let set: RowSet?

    /// Ranks to find from which on searches scan.
    private static let mostRanks = 1_100

    /// Nil where the rows must be scanned: too many ranks, a filter that passes few, rows not yet linked, or a kind of query
    /// for which the graph was not good enough.
    func result() -> SearchResult? {
        let count = snapshot.count
        let (need, scope) = (query.need(rows: count), set?.count ?? count)
        guard !query.query.exact, need > 0, need <= Self.mostRanks, scope > need else { return nil }
        guard view.loose(count: count) <= count / 16 else { return nil }
        let kind = GraphKind(query, layout: snapshot.layout)
        let plan = view.calibration.plan(kind, need: need)
        if let effort = query.query.effort {
            return walk(kind, effort: max(effort, need), need: need, recall: plan?.recall ?? 0, budget: .max)
        }
        // Rows outside the filter are met on the way; a scan passes over blocks without a row of it.
        let scanned = min(count, scope * VectorChunk.blockRows)
        let worth = GraphCalibration.worth(rows: scanned, threads: snapshot.threads)
        guard let plan, plan.scored * count <= worth * scope else { return nil }
        return walk(kind, effort: plan.effort, need: need, recall: plan.recall, budget: 2 * worth)
    }

    private func walk(
        _ kind: GraphKind, effort: Int, need: Int, recall: Double, budget: Int
    ) -> SearchResult? {
        let walk = GraphWalk(graph: view.graph, snapshot: snapshot, linked: view.linked, extra: view.extra)
        var reach = effort
        for _ in 0..<3 {
            guard reach <= snapshot.count,
                let found = walk.hits(query, kind: kind, effort: reach, set: set, budget: budget)
            else { return nil }
            let counted = counted(found.hits)
            // As many must be left as would have been looked at without the filter.
            if counted.count >= need, counted.count >= effort * 3 / 4 {
                return walk.rescored(counted, query, recall: recall)
            }
            guard case .matching = query.query.filter else { return nil }
            reach *= min(8, 2 + effort / max(1, counted.count))
        }
        return nil
    }

    /// Those that a filter by a function lets pass.
    private func counted(_ hits: [facet_scan_hit]) -> [facet_scan_hit] {
        guard case .matching(let isCounted) = query.query.filter else { return hits }
        return hits.filter { hit in
            let row = Int(hit.row)
            return isCounted(snapshot.chunks[row / VectorChunk.maximumRows].keys[row % VectorChunk.maximumRows])
        }
    }
}
