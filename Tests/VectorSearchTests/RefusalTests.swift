// SPDX-License-Identifier: Apache-2.0

import Testing
import VectorSearch

@Suite struct RefusalTests {
    private func index() throws -> VectorIndex {
        let index = VectorIndex(layout: try VectorLayout([2, 3]))
        try index.upsert(key: 1, vector: [1, 0, 1, 0, 0])
        return index
    }

    @Test("Rows with a wrong length or a component that is not finite are refused and change nothing")
    func rows() throws {
        let index = try index()
        #expect(throws: VectorSearchError.wrongLength(expected: 5, found: 4)) {
            try index.upsert(key: 1, vector: [0, 1, 0, 1])
        }
        for bad in [Float.nan, .infinity, -.infinity] {
            #expect(throws: VectorSearchError.notFinite) { try index.upsert(key: 1, vector: [0, 1, 0, 1, bad]) }
            #expect(throws: VectorSearchError.notFinite) { try index.upsert(key: 2, vector: [bad, 1, 0, 1, 0]) }
        }
        #expect(index.count == 1 && index.vector(of: 1) == [1, 0, 1, 0, 0])
    }

    @Test("A load with a key twice, a wrong length or a component that is not finite adds nothing")
    func loads() throws {
        let empty = VectorIndex(layout: try VectorLayout([2]))
        let refused: [([Int64], [Float], VectorSearchError)] = [
            ([1, 2, 1], [1, 0, 1, 0, 1, 0], .duplicateKey(1)),
            ([1, 2], [1, 0, 1], .wrongLength(expected: 4, found: 3)),
            ([1, 2], [1, 0, .nan, 0], .notFinite),
        ]
        for (keys, floats, error) in refused {
            #expect(throws: error) { try floats.withUnsafeBufferPointer { try empty.load(keys: keys, vectors: $0) } }
            #expect(empty.count == 0 && !empty.contains(1) && !empty.contains(2))
        }
    }

    @Test("A query that makes no sense is refused with the reason")
    func queries() throws {
        let index = try index()
        let good = SearchQuery.Part(segment: 0, vector: [1, 0])
        let refused: [(SearchQuery, VectorSearchError)] = [
            (.init(parts: []), .noWeight),
            (.init(parts: [.init(segment: 0, vector: [1, 0], weight: 0)]), .noWeight),
            (.init(parts: [.init(segment: 0, vector: [1, 0], weight: .nan)]), .weightNotFinite),
            (.init(parts: [.init(segment: 0, vector: [1, 0], weight: .infinity)]), .weightNotFinite),
            (.init(parts: [.init(segment: 2, vector: [1, 0])]), .unknownSegment(2)),
            (.init(parts: [.init(segment: -1, vector: [1, 0])]), .unknownSegment(-1)),
            (.init(parts: [.init(segment: 1, vector: [1, 0])]), .wrongLength(expected: 3, found: 2)),
            (.init(parts: [.init(segment: 0, vector: [1, .nan])]), .notFinite),
            (.init(parts: [good], k: -1), .invalidLimits),
            (.init(parts: [good], offset: -1), .invalidLimits),
            (.init(parts: [good], minScore: .nan), .invalidLimits),
        ]
        for (query, error) in refused { #expect(throws: error) { try index.search(query) } }
        #expect(try index.search(.init(parts: [good], k: 0)).hits.isEmpty)
    }

    @Test("A layout needs 1 to 64 segments of 1 to 32,768 dimensions")
    func layouts() throws {
        for bad in [[], [0], [-1], [32_769], [8, 0], Array(repeating: 1, count: 65)] {
            #expect(throws: VectorSearchError.invalidLayout) { try VectorLayout(bad) }
        }
        #expect(try VectorLayout([32_768]).dimensions == 32_768)
        #expect(try VectorLayout(Array(repeating: 1, count: 64)).segments.count == 64)
    }

    @Test("An empty index answers with no hits")
    func empty() throws {
        let index = VectorIndex(layout: try VectorLayout([2]))
        #expect(try index.search(.init(parts: [.init(segment: 0, vector: [1, 0])])).hits.isEmpty)
        #expect(try index.search([]).isEmpty)
    }

    @Test("A segment of the greatest length does not overflow", arguments: ScanInstructions.available)
    func longest(instructions: ScanInstructions) throws {
        let index = VectorIndex(layout: try VectorLayout([32_768]), instructions: instructions)
        let ones = [Float](repeating: 1, count: 32_768)
        try index.upsert(key: 1, vector: ones)
        try index.upsert(key: 2, vector: ones.map { -$0 })
        let hits = try index.search(.init(parts: [.init(segment: 0, vector: ones)])).hits
        #expect(hits.map(\.key) == [1, 2])
        #expect(abs(hits[0].score - 1) < 1e-6 && abs(hits[1].score + 1) < 1e-6)
    }
}
