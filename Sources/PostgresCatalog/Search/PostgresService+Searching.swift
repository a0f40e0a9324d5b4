// SPDX-License-Identifier: Apache-2.0

package import Catalog
package import Collections
internal import VectorSearch
internal import Vectors

extension PostgresService {
    package func search(
        _ name: CollectionName, _ request: SearchRequest
    ) throws(CollectionsError) -> SearchAnswer {
        try request.check()
        if let known = postgres.records.find(name) {
            do throws(CollectionsError) {
                return try search(known, request)
            } catch .catalog(.noSuchCollection) {
                postgres.records.forget(name)
            }
        }
        let record = try catalog { () throws(CatalogError) in try postgres.collection(name) }
        return try search(record, request)
    }

    private func search(
        _ record: CollectionRecord, _ request: SearchRequest
    ) throws(CollectionsError) -> SearchAnswer {
        let spaces = record.definition.spaces
        let (vectors, excluded) = try queryVectors(request.source, in: record)
        let query: WeightedQuery
        let parts = try request.parts(vectors, of: spaces)
        do throws(VectorSearchError) {
            query = try WeightedQuery(parts, spaces)
        } catch {
            throw .search(error)
        }
        let graph = request.exact ? nil : graphs.graph(of: record.key, for: query)
        let statement = SearchStatement(record, request, query, excluding: excluded, graph: graph)
        let rows = try catalog { () throws(CatalogError) in
            let found = try postgres.pool.read { (loan) throws(CatalogError) in try loan.run(statement.queries) }
            // The name still stands for the collection whose key the query has.
            guard found[statement.proof].count == 1 else { throw CatalogError.noSuchCollection }
            return found[statement.result]
        }
        let hits = try catalog { () throws(CatalogError) in
            try Self.hits(rows, record, query, least: request.minScore)
        }
        return SearchAnswer(hits: hits, isExact: graph == nil, expectedRecall: graph?.recall ?? 1)
    }

    /// The rows as hits, with scores in double from the vectors that came along, as every engine computes them.
    private static func hits(
        _ rows: Rows, _ record: CollectionRecord, _ query: WeightedQuery, least: Double?
    ) throws(CatalogError) -> [CollectionHit] {
        let isHalf = record.definition.element == .float16
        var hits: [CollectionHit] = []
        for row in rows.indices {
            let vector = UnitSegments.normalise(
                rows.vector(row, 8, isHalf: isHalf), record.definition.spaces)
            guard vector.count == record.definition.components else { throw .damaged(place: "vectors") }
            let (score, cosines) = query.score(vector)
            guard score >= Float(least ?? -.infinity) else { continue }
            hits.append(
                CollectionHit(
                    item: try PostgresStore.item(rows, row), score: Double(score),
                    scores: cosines.map { ($0.space, Double($0.cosine)) }))
        }
        return hits.sorted { $0.score == $1.score ? $0.item.row < $1.item.row : $0.score > $1.score }
    }

    /// A vector a space, and the rows that must not be found.
    private func queryVectors(
        _ source: SearchRequest.Source, in record: CollectionRecord
    ) throws(CollectionsError) -> ([SpaceName: [Float]], [ItemID]) {
        let spaces = record.definition.spaces
        switch source {
        case .vectors(let vectors):
            try SearchRequest.require(vectors, in: spaces)
            return (vectors, [])
        case .examples(let like, let unlike):
            guard !like.isEmpty || !unlike.isEmpty else { throw .nothingToSearch }
            var sums = [Float](repeating: 0, count: record.definition.components)
            for (ids, share) in [(like, Float(1)), (unlike, -SearchRequest.unlikeShare)] where !ids.isEmpty {
                for vector in try unitVectors(of: ids, in: record) {
                    for (place, value) in vector.enumerated() { sums[place] += share / Float(ids.count) * value }
                }
            }
            var start = 0
            var vectors: [SpaceName: [Float]] = [:]
            for space in spaces {
                vectors[space.name] = Array(sums[start..<start + space.dimensions])
                start += space.dimensions
            }
            return (vectors, like + unlike)
        }
    }
}
