// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation
internal import VectorSearch

/// Exact search in memory: latency, throughput, loading and memory, checked against a plain loop.
struct SearchBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Milliseconds of an exact search over vectors in memory.",
        discussion: """
            Rows and queries come from files of little-endian float32 without a header, or are drawn (seeded): uniform
            directions, where bounds prune worst, or clusters. The first hits are checked against a loop over all rows in
            double. Side by side with FAISS and others: Tests/Benchmarks/search/compare.
            """)

    @Option(help: "Rows, as raw float32.")
    var input: String?

    @Option(help: "Queries, as raw float32.")
    var queries: String?

    @Option(help: "Rows to draw, without --input.")
    var rows = 200_000

    @Option(help: "Dimensions of each segment.")
    var segments = "128,128,128,128"

    @Option(help: "Weights, one a segment; all 1 without.")
    var weights: String?

    @Option(help: "Rows drawn around so many centres; 0 is uniform.")
    var clusters = 0

    @Option(help: "Hits of a query.")
    var k = 10

    @Option(help: "Queries to draw, without --queries.")
    var count = 50

    @Option(help: "Queries of a batch.")
    var batch = 32

    @Option(help: "Threads.")
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: "Instruction set: \(ScanInstructions.available.map(\.rawValue).joined(separator: ", ")).")
    var instructions = ScanInstructions.best.rawValue

    @Option(help: "Queries to check against the plain loop.")
    var check = 3

    @Flag(help: "Add the hits of every query to the JSON.")
    var hits = false

    func run() throws {
        let layout = try VectorLayout(try numbers(segments).map { Int($0) })
        guard let set = ScanInstructions(rawValue: instructions), ScanInstructions.available.contains(set) else {
            throw ValidationError("this machine cannot run \(instructions)")
        }
        var source = VectorSource(layout: layout, clusters: clusters)
        let data = try source.floats(file: input, rows: rows)
        let asked = try source.floats(file: queries, rows: count)
        let index = VectorIndex(layout: layout, threads: threads, instructions: set)
        let total = data.count / layout.dimensions
        let loading = try time {
            try data.withUnsafeBufferPointer { try index.load(keys: (0..<Int64(total)).map { $0 }, vectors: $0) }
        }
        let list = try searches(asked, layout: layout)
        var (single, results) = ([Double](), [SearchResult]())
        for query in list { single.append(try time { results.append(try index.search(query)) }) }
        let many = Array(list.prefix(batch))
        let together = try (0..<3).map { _ in try time { _ = try index.search(many) } }.min() ?? 0
        try verify(results, list, data, layout)
        try report(
            Report(
                rows: total, dimensions: layout.dimensions, threads: threads, instructions: set.rawValue,
                load_seconds: loading, bytes_per_float_byte: Double(index.bytes) / Double(data.count * 4),
                median_ms: 1000 * single.sorted()[single.count / 2], least_ms: 1000 * (single.min() ?? 0),
                batch: many.count, batch_ms_per_query: 1000 * together / Double(max(1, many.count)),
                rescored: results.map(\.rescored).sorted()[results.count / 2], checked: min(check, list.count),
                hits: hits ? results.map { $0.hits.map(\.key) } : nil))
    }

    private func report(_ report: Report) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        print(String(decoding: try encoder.encode(report), as: UTF8.self))
    }

    private func searches(_ asked: [Float], layout: VectorLayout) throws -> [SearchQuery] {
        let shares = try weights.map(numbers) ?? layout.segments.map { _ in 1 }
        guard shares.count == layout.segments.count, asked.count >= layout.dimensions else {
            throw ValidationError("one weight a segment is needed, and at least one query")
        }
        return stride(from: 0, to: asked.count, by: layout.dimensions).map { first in
            let parts = layout.segments.indices.filter { shares[$0] != 0 }.map { segment in
                let start = first + layout.starts[segment]
                let vector = Array(asked[start..<start + layout.segments[segment]])
                return SearchQuery.Part(segment: segment, vector: vector, weight: shares[segment])
            }
            return SearchQuery(parts: parts, k: k)
        }
    }

    /// Stops unless the first results are those of the plain loop: the same keys, scores within rounding.
    private func verify(
        _ results: [SearchResult], _ queries: [SearchQuery], _ data: [Float], _ layout: VectorLayout
    ) throws {
        for (result, query) in zip(results, queries).prefix(check) {
            let scores = PlainSearch(layout: layout, data: data).scores(query)
            let best = scores.sorted(by: >).prefix(k)
            guard best.count == result.hits.count else { throw ValidationError("\(result.hits.count) hits") }
            for (hit, score) in zip(result.hits, best) {
                let own = scores[Int(hit.key)]
                guard abs(own - Double(hit.score)) < 1e-6, abs(own - score) < 1e-6 else {
                    throw ValidationError("key \(hit.key) scores \(hit.score), the plain loop has \(own) and \(score)")
                }
            }
        }
    }

    private func numbers(_ text: String) throws -> [Double] {
        try text.split(separator: ",").map { part in
            guard let value = Double(part) else { throw ValidationError("\(part) is not a number") }
            return value
        }
    }

    private func time(_ body: () throws -> Void) rethrows -> Double {
        let spent = try ContinuousClock().measure(body)
        return Double(spent.components.seconds) + Double(spent.components.attoseconds) * 1e-18
    }
}

/// The line of JSON; its names are what the comparison script reads.
private struct Report: Encodable {
    let rows: Int
    let dimensions: Int
    let threads: Int
    let instructions: String
    let load_seconds: Double
    let bytes_per_float_byte: Double
    let median_ms: Double
    let least_ms: Double
    let batch: Int
    let batch_ms_per_query: Double
    let rescored: Int
    let checked: Int
    let hits: [[Int64]]?
}
