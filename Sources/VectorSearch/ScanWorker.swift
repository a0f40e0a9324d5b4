// SPDX-License-Identifier: Apache-2.0

internal import CVectorScan

/// One query of a pass.
struct ScanTask: Sendable {
    /// Its place among the caller's queries.
    let index: Int
    let query: PreparedQuery
    let set: RowSet?
    /// Ranks to find.
    let need: Int
    let threshold: SharedThreshold

    init(index: Int, query: PreparedQuery, set: RowSet?, rows: Int) {
        self.index = index
        self.query = query
        self.set = set
        need = query.need(rows: rows)
        threshold = SharedThreshold(need == 0 ? .infinity : query.query.minScore ?? -.infinity)
    }
}

/// Queries, next to each other in the pass, that read the same segments.
struct ScanGroup: Sendable {
    let tasks: Range<Int>
    let segments: [facet_scan_segment]

    static func groups(of tasks: [ScanTask], layout: VectorLayout) -> [ScanGroup] {
        var groups: [ScanGroup] = []
        var start = 0
        for end in 1...max(1, tasks.count) where end <= tasks.count {
            guard end == tasks.count || tasks[end].query.segments != tasks[start].query.segments else { continue }
            groups.append(ScanGroup(tasks: start..<end, segments: layout.scanned(tasks[start].query.segments)))
            start = end
        }
        return groups
    }
}

/// One thread's part of a pass.
final class ScanWorker {
    private(set) var candidates: [Candidates]
    private let tasks: [ScanTask]
    private let groups: [ScanGroup]
    private let queries: UnsafeMutablePointer<facet_scan_query>
    private let hits: UnsafeMutablePointer<facet_scan_hit>
    private let scratch: UnsafeMutablePointer<UInt8>

    init(tasks: [ScanTask], groups: [ScanGroup], layout: VectorLayout) {
        self.tasks = tasks
        self.groups = groups
        candidates = tasks.map { Candidates(need: $0.need) }
        queries = .allocate(capacity: tasks.count)
        hits = .allocate(capacity: tasks.count * VectorChunk.maximumRows)
        let turned = Int(FACET_SCAN_TILE) * VectorChunk.blockRows * layout.rowBytes + Int(FACET_SCAN_SLACK)
        scratch = UnsafeMutableRawPointer.allocate(byteCount: turned, alignment: 64)
            .bindMemory(to: UInt8.self, capacity: turned)
    }

    deinit {
        queries.deallocate()
        hits.deallocate()
        UnsafeMutableRawPointer(scratch).deallocate()
    }

    func scan(_ chunk: VectorChunk, number: Int, instructions: ScanInstructions) {
        for (index, task) in tasks.enumerated() {
            let block = number * VectorChunk.maximumRows / VectorChunk.blockRows
            let mask = task.set.map { UnsafePointer($0.words + block) }
            queries[index] = facet_scan_query(
                terms: task.query.terms, mask: mask, hits: hits + index * VectorChunk.maximumRows, count: 0,
                slack: task.query.slack, threshold: task.threshold.value)
        }
        for group in groups {
            facet_scan(
                instructions.code, chunk.blocks, chunk.layout.blocks, chunk.count, group.segments,
                group.segments.count, queries + group.tasks.lowerBound, group.tasks.count, scratch)
        }
        for (index, task) in tasks.enumerated() where queries[index].count > 0 {
            candidates[index].add(
                UnsafeBufferPointer(start: queries[index].hits, count: queries[index].count),
                first: number * VectorChunk.maximumRows, keys: chunk.keys, filter: task.query.query.filter,
                threshold: task.threshold)
        }
    }
}
