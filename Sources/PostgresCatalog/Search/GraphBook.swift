// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Synchronization
internal import VectorSearch

/// What this process knows of the collections' graphs.
final class GraphBook: Sendable {
    /// A graph that serves a kind of query: how many rows to keep in view, and what was measured to be found then.
    struct Graph: Sendable {
        let effort: Int
        let recall: Double
    }

    private let known = Mutex<[Int64: ApproximationStatus]>([:])

    func status(of key: Int64) -> ApproximationStatus? { known.withLock { $0[key] } }
    func keep(_ all: [Int64: ApproximationStatus]) { known.withLock { $0 = all } }
    func keep(_ status: ApproximationStatus, of key: Int64) { known.withLock { $0[key] = status } }

    /// The graph for a query; nil where it must be scanned.
    func graph(of key: Int64, for query: WeightedQuery) -> Graph? {
        guard let status = status(of: key), status.phase == .ready, let kind = query.kind else { return nil }
        return status.measured.first { $0.kind == kind && $0.isUsed }.map {
            Graph(effort: $0.effort, recall: $0.recall)
        }
    }

    /// pgvector's graphs take no more components in half precision.
    static let mostComponents = 4_000

    static func name(_ key: Int64) -> String { "facet_graph_\(key)" }

    /// What is indexed: the stored concatenation in half precision.
    static func expression(_ record: CollectionRecord) -> String {
        let column = record.definition.element == .float16 ? "half" : "single"
        return "(\(column)::halfvec(\(record.definition.components)))"
    }
}
