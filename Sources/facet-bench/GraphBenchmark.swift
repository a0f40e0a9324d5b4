// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation
internal import VectorSearch

/// Approximate search in memory: builds the graph, then answers all queries once for every line of standard input.
struct GraphBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "graph",
        abstract: "Microseconds of searches that walk a graph, with the hits found.",
        discussion: """
            Rows and queries are files of little-endian float32 without a header. The first line of output tells about the
            build. Then each line of input, an effort or "auto" or "exact", optionally followed by weights, is answered with a
            line: the median time of a query, and the hits. "many", an effort and 1 or 2 asks all queries one after the
            other on one thread, or in one call, which shares them between the threads. Side by side with FAISS and others: Tests/Benchmarks/search/compare-graph.
            """)

    @Option(help: "Rows, as raw float32.")
    var input: String

    @Option(help: "Queries, as raw float32.")
    var queries: String

    @Option(help: "Dimensions of each segment.")
    var segments = "128,128,128,128"

    @Option(help: "Hits of a query.")
    var k = 10

    @Option(help: "Threads of a scan, or of a call with many queries.")
    var threads = 2

    @Option(help: "Threads that build the graph.")
    var buildThreads = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: "Neighbours of a row by equal weights.")
    var neighbours = ApproximationSettings().neighbours

    @Option(help: "Neighbours of a row by each segment alone.")
    var segmentNeighbours = ApproximationSettings().segmentNeighbours

    @Option(help: "Rows kept in view while a row is linked.")
    var buildEffort = ApproximationSettings().effort

    @Option(help: "Instruction set: \(ScanInstructions.available.map(\.rawValue).joined(separator: ", ")).")
    var instructions = ScanInstructions.best.rawValue

    func run() throws {
        let layout = try VectorLayout(segments.split(separator: ",").compactMap { Int($0) })
        guard let set = ScanInstructions(rawValue: instructions), ScanInstructions.available.contains(set) else {
            throw ValidationError("this machine cannot run \(instructions)")
        }
        var source = VectorSource(layout: layout, clusters: 0)
        let asked = try source.floats(file: queries, rows: 1)
        let index = VectorIndex(
            layout: layout, threads: threads, instructions: set,
            approximation: .init(
                leastRows: 1, threads: buildThreads, neighbours: neighbours, segmentNeighbours: segmentNeighbours,
                effort: buildEffort))
        try build(index, from: try source.floats(file: input, rows: 1))
        while let line = readLine() {
            let words = line.split(separator: " ")
            let weights = words.dropFirst().compactMap { Double($0) }
            if words.first == "many" {
                try answerMany(words.dropFirst().compactMap { Int($0) }, asked, index)
            } else {
                try answer(String(words.first ?? "auto"), weights: weights, asked, index)
            }
        }
    }

    /// All queries, five times; the fastest counts, for all engines alike.
    private func answerMany(_ numbers: [Int], _ asked: [Float], _ index: VectorIndex) throws {
        guard numbers.count == 2 else { throw ValidationError("write: many EFFORT THREADS") }
        let queries = stride(from: 0, to: asked.count, by: index.layout.dimensions).map {
            query(at: $0, weights: [], exact: false, effort: numbers[0], asked, index.layout)
        }
        var best = Double.infinity
        for _ in 0..<5 {
            let start = ContinuousClock.now
            if numbers[1] > 1 {
                _ = try index.search(queries)
            } else {
                for query in queries { _ = try index.search(query) }
            }
            best = min(best, (ContinuousClock.now - start) / .seconds(1))
        }
        try print(ManyLine(queries_per_second: Double(queries.count) / best))
    }

    private func query(
        at first: Int, weights: [Double], exact: Bool, effort: Int?, _ asked: [Float], _ layout: VectorLayout
    ) -> SearchQuery {
        let parts = layout.segments.indices.filter { weights.isEmpty || weights[$0] != 0 }.map { segment in
            let start = first + layout.starts[segment]
            return SearchQuery.Part(
                segment: segment, vector: Array(asked[start..<start + layout.segments[segment]]),
                weight: weights.isEmpty ? 1 : weights[segment])
        }
        return SearchQuery(parts: parts, k: k, exact: exact, effort: effort)
    }

    private func build(_ index: VectorIndex, from data: [Float]) throws {
        let start = ContinuousClock.now
        let rows = data.count / index.layout.dimensions
        try data.withUnsafeBufferPointer { try index.load(keys: (0..<Int64(rows)).map { $0 }, vectors: $0) }
        var linked: Duration?
        while let status = index.approximation, status.phase != .ready {
            if linked == nil, status.pending == 0, status.linked == rows { linked = ContinuousClock.now - start }
            Thread.sleep(forTimeInterval: 0.02)
        }
        guard let status = index.approximation else { return }
        try print(
            BuildLine(
                rows: rows, build_seconds: (linked ?? .zero) / .seconds(1),
                ready_seconds: (ContinuousClock.now - start) / .seconds(1),
                bytes_per_float_byte: Double(index.bytes) / Double(data.count * 4),
                graph_per_float_byte: Double(status.bytes) / Double(data.count * 4),
                measured: status.measured.map {
                    "\($0.kind.words([])): \($0.isUsed ? "graph" : "scan"), recall \($0.recall), effort \($0.effort), \($0.scored) rows"
                }))
    }

    private func answer(_ effort: String, weights: [Double], _ asked: [Float], _ index: VectorIndex) throws {
        let layout = index.layout
        var (times, hits, exact, recall) = ([Double](), [[Int64]](), 0, 0.0)
        for first in stride(from: 0, to: asked.count, by: layout.dimensions) {
            let query = query(
                at: first, weights: weights, exact: effort == "exact", effort: Int(effort), asked, layout)
            let start = ContinuousClock.now
            let result = try index.search(query)
            times.append((ContinuousClock.now - start) / .microseconds(1))
            hits.append(result.hits.map(\.key))
            exact += result.exact ? 1 : 0
            recall = result.recall
        }
        try print(
            AnswerLine(
                median_us: times.sorted()[times.count / 2], exact: exact, expected_recall: recall, hits: hits))
    }

    private func print(_ line: some Encodable) throws {
        FileHandle.standardOutput.write(try JSONEncoder().encode(line) + Data("\n".utf8))
    }
}

/// The lines of JSON; their names are what the comparison script reads.
private struct BuildLine: Encodable {
    let rows: Int
    let build_seconds: Double
    let ready_seconds: Double
    let bytes_per_float_byte: Double
    let graph_per_float_byte: Double
    let measured: [String]
}

private struct ManyLine: Encodable {
    let queries_per_second: Double
}

private struct AnswerLine: Encodable {
    let median_us: Double
    /// Queries that were answered by a scan.
    let exact: Int
    let expected_recall: Double
    let hits: [[Int64]]
}
