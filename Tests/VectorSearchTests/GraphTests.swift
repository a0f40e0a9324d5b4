// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport
import Testing
import VectorSearch

/// Rows in clusters, other ones in every segment.
struct ClusteredRows {
    let segments: [Int]
    var random: SeededGenerator
    private var centres: [[[Float]]] = []

    init(seed: UInt64, segments: [Int], clusters: Int) {
        self.segments = segments
        random = SeededGenerator(seed: seed)
        for length in segments { centres.append((0..<clusters).map { _ in random.floats(length) }) }
    }

    mutating func row() -> [Float] {
        segments.indices.flatMap { segment -> [Float] in
            let centre = centres[segment].randomElement(using: &random) ?? []
            return zip(centre, random.floats(segments[segment])).map { $0 + 0.4 * $1 }
        }
    }

    func query(_ row: [Float], weights: [Double], k: Int = 10) -> SearchQuery {
        var (parts, start) = ([SearchQuery.Part](), 0)
        for (segment, length) in segments.enumerated() {
            let vector = Array(row[start..<start + length])
            start += length
            if weights[segment] != 0 { parts.append(.init(segment: segment, vector: vector, weight: weights[segment])) }
        }
        return SearchQuery(parts: parts, k: k)
    }
}

extension VectorIndex {
    /// Waits until every row is in the graph and it was measured; false when that takes a minute.
    func settles() -> Bool {
        for _ in 0..<6000 {
            if let status = approximation, status.phase == .ready, status.pending == 0 { return true }
            Thread.sleep(forTimeInterval: 0.01)
        }
        return false
    }

    /// The share of the hits' scores that are among the best.
    func recall(_ query: SearchQuery, _ naive: NaiveIndex) throws -> (recall: Double, exact: Bool) {
        let right = naive.search(query)
        let result = try search(query)
        guard let least = right.last?.score else { return (1, result.exact) }
        let good = result.hits.count { $0.score >= least - 1e-6 }
        return (Double(min(good, right.count)) / Double(right.count), result.exact)
    }
}

@Suite struct GraphTests {
    static let settings = ApproximationSettings(
        leastRows: 500, threads: 1, neighbours: 16, segmentNeighbours: 8, effort: 60, probes: 10)
    static let segments = [16, 8, 20]

    private func index(
        _ rows: inout ClusteredRows, count: Int, _ naive: inout NaiveIndex, instructions: ScanInstructions = .best
    ) throws -> VectorIndex {
        let index = VectorIndex(
            layout: try VectorLayout(rows.segments), threads: 1, instructions: instructions,
            approximation: Self.settings)
        var all: [Float] = []
        for key in 0..<count {
            let row = rows.row()
            naive.upsert(Int64(key), row)
            all += row
        }
        try all.withUnsafeBufferPointer { try index.load(keys: (0..<Int64(count)).map { $0 }, vectors: $0) }
        return index
    }

    @Test(
        "With random weights, filters, inserts and deletes the graph finds nearly all, and the exact flag finds all",
        arguments: ScanInstructions.available)
    func randomised(instructions: ScanInstructions) throws {
        var rows = ClusteredRows(seed: 4, segments: Self.segments, clusters: 40)
        var naive = NaiveIndex(Self.segments)
        let index = try index(&rows, count: 1500, &naive, instructions: instructions)
        try #require(index.settles())
        var (total, count, walked) = (0.0, 0, 0)
        for round in 0..<3 {
            for _ in 0..<60 {
                let (key, row) = (Int64.random(in: 0..<1650, using: &rows.random), rows.row())
                naive.upsert(key, row)
                try index.upsert(key: key, vector: row)
                let victim = Int64.random(in: 0..<1650, using: &rows.random)
                naive.remove(victim)
                index.remove(victim)
            }
            if round > 0 { try #require(index.settles()) }
            for _ in 0..<15 {
                var weights: [Double] = []
                for _ in Self.segments { weights.append([1.0, 0.3, 0, -0.5].randomElement(using: &rows.random) ?? 1) }
                if weights.allSatisfy({ $0 == 0 }) { weights[0] = 1 }
                var query = rows.query(rows.row(), weights: weights)
                query.offset = Int.random(in: 0..<3, using: &rows.random)
                query.effort = 200
                switch Int.random(in: 0..<4, using: &rows.random) {
                case 0: query.filter = .keys(naive.rows.keys.filter { $0 % 3 != 0 })
                case 1: query.filter = .matching { $0 % 2 == 0 }
                case 2: query.minScore = 0.3
                default: break
                }
                let (recall, exact) = try index.recall(query, naive)
                total += recall
                count += 1
                walked += exact ? 0 : 1
                query.exact = true
                let result = try index.search(query)
                #expect(result.exact && result.recall == 1 && result.hits == naive.search(query))
            }
        }
        #expect(total / Double(count) >= 0.99, "recall \(total / Double(count))")
        #expect(walked >= count / 2, "\(walked) of \(count) walked the graph")
    }

    @Test("A row is found by the search after its insert, and not after its delete, before and after it was linked")
    func visibility() throws {
        var rows = ClusteredRows(seed: 6, segments: [24], clusters: 30)
        var naive = NaiveIndex([24])
        let index = try index(&rows, count: 1000, &naive)
        try #require(index.settles())
        for key in 0..<60 {
            let row = rows.row()
            var query = rows.query(row, weights: [1], k: 1)
            query.effort = 20
            try index.upsert(key: Int64(5000 + key), vector: row)
            #expect(try index.search(query).hits.first?.key == Int64(5000 + key))
            if key % 3 == 0 { try #require(index.settles()) }
            #expect(try index.search(query).hits.first?.key == Int64(5000 + key))
            index.remove(Int64(5000 + key))
            #expect(try index.search(query).hits.first?.key != Int64(5000 + key))
        }
        #expect(index.count == 1000)
    }

    @Test("Most rows replaced and half of them gone, the graph still finds the others")
    func churn() throws {
        var rows = ClusteredRows(seed: 9, segments: [12, 12], clusters: 20)
        var naive = NaiveIndex([12, 12])
        let index = try index(&rows, count: 2000, &naive)
        try #require(index.settles())
        // A tenth at a time, which is mended, then a half at once.
        for slice in [0..<200, 200..<400, 400..<600, 600..<800, 800..<1800] {
            for key in slice {
                let row = rows.row()
                naive.upsert(Int64(key), row)
                try index.upsert(key: Int64(key), vector: row)
            }
            try #require(index.settles())
        }
        for key in 0..<1000 {
            naive.remove(Int64(key * 2))
            index.remove(Int64(key * 2))
            if key % 100 == 0 { try #require(index.settles()) }
        }
        try #require(index.settles())
        var total = 0.0
        for number in 0..<60 {
            var query = rows.query(rows.row(), weights: [[1, 1], [1, 0], [0, 1]][number % 3])
            query.effort = 120
            let (recall, exact) = try index.recall(query, naive)
            #expect(!exact)
            total += recall
        }
        #expect(total / 60 >= 0.99, "recall \(total / 60)")
    }

    @Test("Never fewer hits than there are, whatever the filter: few keys are scanned, and so are deep pages")
    func filters() throws {
        var rows = ClusteredRows(seed: 12, segments: [16, 8], clusters: 10)
        var naive = NaiveIndex([16, 8])
        let index = try index(&rows, count: 1200, &naive)
        try #require(index.settles())
        let filters: [RowFilter] = [
            .keys([7]), .keys((0..<30).map { $0 * 40 }), .matching { $0 % 500 == 0 }, .matching { _ in false },
            .keys([-1]), .all,
        ]
        for (number, filter) in filters.enumerated() {
            for (k, offset) in [(10, 0), (3, 20), (1200, 0), (50, 1190)] {
                var query = rows.query(rows.row(), weights: [1, number % 2 == 0 ? 0 : -1], k: k)
                query.filter = filter
                query.offset = offset
                let right = naive.search(query)
                let result = try index.search(query)
                #expect(result.hits.count == right.count)
                if result.exact { #expect(result.hits == right) }
            }
        }
    }

    @Test("Equal rows, collapsed segments, zeros and a single row are found as without a graph")
    func degenerate() throws {
        let layout = try VectorLayout([6, 6])
        for kind in 0..<4 {
            var (random, naive) = (SeededGenerator(seed: 3), NaiveIndex([6, 6]))
            let settings = ApproximationSettings(leastRows: kind == 3 ? 1 : 400, threads: 2, probes: 10)
            let index = VectorIndex(layout: layout, threads: 2, approximation: settings)
            for key in 0..<(kind == 3 ? 1 : 600) {
                let free = random.floats(6)
                let row: [Float] =
                    switch kind {
                    case 0: [1, 2, 3, 4, 5, 6, 6, 5, 4, 3, 2, 1]
                    case 1: free + [1, 1, 1, 1, 1, 1]
                    case 2: key % 2 == 0 ? free + [0, 0, 0, 0, 0, 0] : [Float](repeating: 0, count: 12)
                    default: free + free
                    }
                naive.upsert(Int64(key), row)
                try index.upsert(key: Int64(key), vector: row)
            }
            try #require(index.settles())
            for weights in [[1.0, 1], [0, 1], [1, 0], [-1, 0.5]] {
                for effort in [nil, 64] {
                    let parts = weights.enumerated().map {
                        SearchQuery.Part(segment: $0.offset, vector: random.floats(6), weight: $0.element)
                    }
                    let query = SearchQuery(parts: parts, k: 5, effort: effort)
                    let (right, hits) = (naive.search(query), try index.search(query).hits)
                    #expect(hits.map(\.score) == right.map(\.score), "kind \(kind), weights \(weights)")
                    #expect(Set(hits.map(\.key)).count == hits.count)
                }
            }
        }
    }

    @Test("Searches while rows come, change and go find each row once, whole, and those that were acknowledged")
    func concurrency() throws {
        var rows = ClusteredRows(seed: 21, segments: [8, 8], clusters: 12)
        var naive = NaiveIndex([8, 8])
        let index = try index(&rows, count: 1200, &naive)
        try #require(index.settles())
        let fresh = (0..<800).map { _ in rows.row() }
        let done = Atomic<Bool>(false)
        let failures = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 3) { role in
            do {
                guard role == 0 else {
                    var number = role
                    while !done.load(ordering: .acquiring) {
                        var query = SearchQuery(
                            parts: [
                                .init(segment: 0, vector: Array(fresh[number % 800][..<8])),
                                .init(segment: 1, vector: Array(fresh[number % 800][8...])),
                            ], k: 20)
                        query.effort = 40
                        let hits = try index.search(query).hits
                        if hits.count != 20 || Set(hits.map(\.key)).count != 20 {
                            failures.withLock { $0.append("\(hits)") }
                        }
                        number += 7
                    }
                    return
                }
                for (step, row) in fresh.enumerated() {
                    try index.upsert(key: Int64(step % 3 == 0 ? step : 2000 + step), vector: row)
                    if step % 12 == 1 { index.remove(Int64(step)) }
                    var query = SearchQuery(
                        parts: [
                            .init(segment: 0, vector: Array(row[..<8])), .init(segment: 1, vector: Array(row[8...])),
                        ], k: 1)
                    query.effort = 20
                    if try index.search(query).hits.first.map({ $0.score < 0.99999 }) ?? true {
                        failures.withLock { $0.append("row \(step) is missing") }
                    }
                }
                done.store(true, ordering: .releasing)
            } catch {
                failures.withLock { $0.append("\(error)") }
                done.store(true, ordering: .releasing)
            }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(index.settles())
    }

    @Test("There is no graph below the size asked for, and it goes when the rows do")
    func thresholds() throws {
        var rows = ClusteredRows(seed: 2, segments: [8], clusters: 5)
        var naive = NaiveIndex([8])
        let index = try index(&rows, count: 499, &naive)
        #expect(index.approximation?.phase == .off)
        let before = index.bytes
        try index.upsert(key: 1000, vector: rows.row())
        try #require(index.settles())
        #expect(index.bytes > before && index.approximation?.linked == 500)
        #expect(index.approximation?.measured.count == 2)
        for key in 0..<300 { index.remove(Int64(key)) }
        for _ in 0..<1000 where index.approximation?.phase != .off { Thread.sleep(forTimeInterval: 0.01) }
        #expect(index.approximation?.phase == .off)
        index.removeAll()
        #expect(index.approximation?.phase == .off && index.count == 0)
        #expect(VectorIndex(layout: try VectorLayout([8])).approximation == nil)
    }
}
