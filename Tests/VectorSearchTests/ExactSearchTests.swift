// SPDX-License-Identifier: Apache-2.0

import Testing
import TestSupport
import VectorSearch

@Suite struct ExactSearchTests {
    static let layouts: [[Int]] = [[128, 128, 128, 128], [32], [7, 1, 19], [4, 64], [600, 3]]

    @Test(
        "The hits are the naive loop's, bit for bit, whatever the weights, filters, writes and instruction set",
        arguments: ScanInstructions.available, layouts)
    func randomised(instructions: ScanInstructions, segments: [Int]) throws {
        var rows = RandomRows(seed: UInt64(segments.count * 1000 + segments[0]), segments: segments)
        var naive = NaiveIndex(segments)
        let index = VectorIndex(layout: try VectorLayout(segments), threads: 2, instructions: instructions)
        for round in 0..<8 {
            for _ in 0..<[1, 15, 40, 230, 60, 100, 50, 120][round] {
                let key = Int64.random(in: 0..<700, using: &rows.random)
                let row = rows.row()
                naive.upsert(key, row)
                try index.upsert(key: key, vector: row)
            }
            for key in naive.rows.keys.sorted() where Int.random(in: 0..<12, using: &rows.random) == 0 {
                naive.remove(key)
                #expect(index.remove(key))
            }
            #expect(index.count == naive.rows.count)
            let queries = (0..<11).map { _ in rows.query(keys: naive.rows.keys.sorted()) }
            let expected = queries.map(naive.search)
            for (query, hits) in zip(queries, expected) { #expect(try index.search(query).hits == hits) }
            #expect(try index.search(queries).map(\.hits) == expected)
        }
    }

    @Test("Rows so many that threads share the work rank as in the naive loop", arguments: ScanInstructions.available)
    func manyRows(instructions: ScanInstructions) throws {
        let segments = [16, 8]
        var rows = RandomRows(seed: 5, segments: segments)
        var naive = NaiveIndex(segments)
        var all: [Float] = []
        for key in 0..<6000 {
            let row = rows.row()
            naive.upsert(Int64(key), row)
            all += row
        }
        let index = VectorIndex(layout: try VectorLayout(segments), threads: 3, instructions: instructions)
        try all.withUnsafeBufferPointer { try index.load(keys: (0..<6000).map(Int64.init), vectors: $0) }
        let queries = (0..<20).map { _ in rows.query(keys: Array(0..<6000)) }
        #expect(try index.search(queries).map(\.hits) == queries.map(naive.search))
    }

    @Test("Equal scores come in ascending order of keys, also where k cuts through them")
    func ties() throws {
        let index = VectorIndex(layout: try VectorLayout([8]))
        let vector: [Float] = [1, 2, 3, 4, 5, 6, 7, 8]
        for key in (0..<1000).reversed() { try index.upsert(key: Int64(key), vector: vector) }
        let result = try index.search(.init(parts: [.init(segment: 0, vector: vector)], k: 5, offset: 3))
        #expect(result.hits.map(\.key) == [3, 4, 5, 6, 7])
        #expect(result.hits.allSatisfy { $0.score == 1 && $0.cosines == [1] })
        #expect(result.exact)
    }

    @Test("Weights scale the score, zero leaves a part out but reports its cosine, a negative one turns the ranking")
    func weights() throws {
        let index = VectorIndex(layout: try VectorLayout([2, 2]))
        try index.upsert(key: 1, vector: [1, 0, 1, 0])
        try index.upsert(key: 2, vector: [1, 0, 0, 1])
        func hits(_ first: Double, _ second: Double) throws -> [SearchHit] {
            let parts = [
                SearchQuery.Part(segment: 0, vector: [3, 0], weight: first),
                SearchQuery.Part(segment: 1, vector: [2, 0], weight: second),
            ]
            return try index.search(.init(parts: parts)).hits
        }
        #expect(try hits(1, 3).map(\.key) == [1, 2] && hits(1, 3).map(\.score) == [1, 0.25])
        #expect(try hits(1, -3).map(\.key) == [2, 1] && hits(1, -3).map(\.score) == [0.25, -0.5])
        #expect(try hits(5, 0).map(\.score) == [1, 1] && hits(5, 0).map(\.cosines) == [[1, 1], [1, 0]])
    }

    @Test("A better row is found although few rows need an exact score")
    func pruning() throws {
        var random = SeededGenerator(seed: 3)
        let index = VectorIndex(layout: try VectorLayout([64, 64]))
        for key in 0..<5000 { try index.upsert(key: Int64(key), vector: random.floats(128)) }
        let query = random.floats(64)
        let result = try index.search(.init(parts: [.init(segment: 1, vector: query)], k: 10))
        #expect(result.hits.count == 10)
        #expect((10..<500).contains(result.rescored), "\(result.rescored) of 5000 rows were scored exactly")
    }
}
