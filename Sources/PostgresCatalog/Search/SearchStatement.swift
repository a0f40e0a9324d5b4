// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Collections

/// A search as statements for one journey: settings for this transaction, a proof of the collection, and one query.
struct SearchStatement {
    private(set) var queries: [Query] = []
    /// Places of the answers in what the journey returns.
    private(set) var proof = 0
    private(set) var result = 0

    /// How many more of the nearest by the graph are scored again than are asked for.
    private static let spare = 2

    /// With a graph the nearest are found by half-precision distances and ranked by those of the stored vectors.
    init(
        _ record: CollectionRecord, _ request: SearchRequest, _ query: WeightedQuery, excluding: [ItemID],
        graph: GraphBook.Graph?
    ) {
        var values: [Parameter] = [.vector(query.scaled)]
        let condition = Self.condition(record, request, excluding, &values)
        let stored = Self.stored(record)
        let text: String
        if let graph {
            let wanted = (request.k + request.offset) * Self.spare
            queries = [
                .begin, Query(once: "SET LOCAL hnsw.iterative_scan = 'relaxed_order'"),
                Query(once: "SET LOCAL hnsw.ef_search = \(min(1_000, max(graph.effort, min(wanted, 1_000))))"),
                Query(once: "SET LOCAL hnsw.max_scan_tuples = \(max(20_000, 4 * wanted))"),
            ]
            values.append(.half(query.scaled))
            text = """
                SELECT number, \(stored) <#> $1::vector AS distance FROM (
                SELECT number, single, half FROM facet_items WHERE \(condition)
                ORDER BY \(GraphBook.expression(record)) <#> $\(values.count)::halfvec(\(record.definition.components))
                LIMIT \(wanted)) AS near
                """
        } else {
            text = "SELECT number, \(stored) <#> $1::vector AS distance FROM facet_items WHERE \(condition)"
        }
        proof = queries.count
        queries.append(
            Query(
                "proof", "SELECT FROM facet_collections WHERE key = $1 AND name = $2",
                [.integer(record.key), .text(record.definition.name.text)]))
        result = queries.count
        let bound = Self.bound(request, &values)
        queries.append(Query(once: Self.ranking(text, bound, record, request), values))
        if graph != nil { queries.append(.commit) }
    }

    /// The stored vector in single precision, in which the query is.
    static func stored(_ record: CollectionRecord) -> String {
        record.definition.element == .float16 ? "half::vector" : "single"
    }

    private static func ranking(
        _ scored: String, _ bound: String, _ record: CollectionRecord, _ request: SearchRequest
    ) -> String {
        let vector = record.definition.element == .float16 ? "i.half" : "i.single"
        return """
            SELECT \(PostgresStore.columns), \(vector) FROM (
            SELECT number, distance FROM (\(scored)) AS scored WHERE \(bound)
            ORDER BY distance, number OFFSET \(request.offset) LIMIT \(request.k)) AS found
            JOIN facet_items i ON i.collection = \(record.key) AND i.number = found.number
            ORDER BY found.distance, found.number
            """
    }

    private static func condition(
        _ record: CollectionRecord, _ request: SearchRequest, _ excluding: [ItemID], _ values: inout [Parameter]
    ) -> String {
        // The key stands in the text, so that the graph of just this collection is seen to serve.
        var text = "collection = \(record.key)"
        if request.filter != .everything {
            let condition = FilterCondition(request.filter, after: values)
            values = condition.values
            text += " AND \(condition.text)"
        }
        if !excluding.isEmpty {
            values.append(.texts(excluding.map(\.text)))
            text += " AND id <> ALL($\(values.count))"
        }
        return text
    }

    /// What the score must reach, a little less: the hits' own scores decide.
    private static func bound(_ request: SearchRequest, _ values: inout [Parameter]) -> String {
        guard let least = request.minScore else { return "true" }
        values.append(.number(-least + 1e-3))
        return "distance <= $\(values.count)"
    }
}
