// SPDX-License-Identifier: Apache-2.0

package import Catalog
internal import VectorSearch
internal import Vectors

extension CollectionService {
    /// The best items for a request; blocks for as long as one pass over the codes takes, or a walk of the graph.
    package func search(
        _ name: CollectionName, _ request: SearchRequest
    ) throws(CollectionsError) -> SearchAnswer {
        try request.check()
        let entry = try entry(name)
        let spaces = entry.record.definition.spaces
        let (vectors, excluded) = try queryVectors(request.source, in: entry)
        let parts = try request.parts(vectors, of: spaces).map {
            SearchQuery.Part(segment: $0.segment, vector: $0.vector, weight: $0.weight)
        }
        let query = SearchQuery(
            parts: parts, k: request.k, offset: request.offset, minScore: request.minScore.map { Float($0) },
            filter: try rowFilter(request.filter, in: name, excluding: excluded), exact: request.exact)
        let result: SearchResult
        do throws(VectorSearchError) {
            result = try entry.index.search(query)
        } catch {
            throw .search(error)
        }
        let items = try catalog { () throws(CatalogError) in
            try catalogStore.items(rows: result.hits.map(\.key), in: name)
        }
        let hits = zip(result.hits, items).compactMap { hit, item in
            item.map { item in
                CollectionHit(
                    item: item, score: Double(hit.score),
                    scores: zip(parts, hit.cosines).map { (spaces[$0.segment].name, Double($1)) })
            }
        }
        return SearchAnswer(hits: hits, isExact: result.exact, expectedRecall: result.recall)
    }

    /// A vector a space, and the rows that must not be found.
    private func queryVectors(
        _ source: SearchRequest.Source, in entry: IndexBook.Entry
    ) throws(CollectionsError) -> ([SpaceName: [Float]], [Int64]) {
        let definition = entry.record.definition
        switch source {
        case .vectors(let vectors):
            try SearchRequest.require(vectors, in: definition.spaces)
            return (vectors, [])
        case .examples(let like, let unlike):
            guard !like.isEmpty || !unlike.isEmpty else { throw .nothingToSearch }
            let (liked, disliked) = (try rows(like, in: definition.name), try rows(unlike, in: definition.name))
            var sums = [Float](repeating: 0, count: definition.components)
            add(liked, share: 1, of: entry, to: &sums)
            add(disliked, share: -SearchRequest.unlikeShare, of: entry, to: &sums)
            var start = 0
            var vectors: [SpaceName: [Float]] = [:]
            for space in definition.spaces {
                vectors[space.name] = Array(sums[start..<start + space.dimensions])
                start += space.dimensions
            }
            return (vectors, liked + disliked)
        }
    }

    /// Adds `share` times the mean of the rows' unit vectors.
    private func add(_ rows: [Int64], share: Float, of entry: IndexBook.Entry, to sums: inout [Float]) {
        for row in rows {
            guard let vector = entry.index.vector(of: row) else { continue }
            for (place, value) in vector.enumerated() { sums[place] += share / Float(rows.count) * value }
        }
    }

    private func rowFilter(
        _ filter: Filter, in name: CollectionName, excluding rows: [Int64]
    ) throws(CollectionsError) -> RowFilter {
        let excluded = Set(rows)
        if filter == .everything {
            return excluded.isEmpty ? .all : .matching { !excluded.contains($0) }
        }
        let kept = try catalog { () throws(CatalogError) in try metadata.rows(name, matching: filter) }
        return .keys(excluded.isEmpty ? kept : kept.filter { !excluded.contains($0) })
    }
}
