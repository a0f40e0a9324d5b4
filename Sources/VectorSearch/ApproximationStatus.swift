// SPDX-License-Identifier: Apache-2.0

/// How far the graph of an index is.
package struct ApproximationStatus: Hashable, Sendable {
    package enum Phase: String, Sendable {
        /// Too few rows: searches scan.
        case off
        /// Rows are being linked for the first time: searches scan until it is done.
        case building
        /// Searches walk the graph where that was measured to be good enough.
        case ready
    }

    package let phase: Phase
    /// Rows in the graph, and rows that are not (yet), which every search scores one by one.
    package let linked: Int
    package let pending: Int
    /// Bytes of the graph's lists.
    package let bytes: Int
    /// What was measured for each kind of query; empty until then.
    package let measured: [MeasuredRecall]

    package init(phase: Phase, linked: Int, pending: Int, bytes: Int, measured: [MeasuredRecall]) {
        self.phase = phase
        self.linked = linked
        self.pending = pending
        self.bytes = bytes
        self.measured = measured
    }

    /// The least recall at 10 over the kinds of queries that walk the graph; nil when none does.
    package var recall: Double? { measured.filter(\.isUsed).map(\.recall).min() }
}

/// What walking the graph was measured to find, for one kind of query.
package struct MeasuredRecall: Hashable, Sendable {
    package let kind: GraphKind
    /// Whether such queries walk the graph; otherwise they scan.
    package let isUsed: Bool
    /// Share of the best 10 that was found, over rows of the index as queries, themselves left out.
    package let recall: Double
    /// Rows kept in view for it, and rows scored for a query on average.
    package let effort: Int
    package let scored: Int

    package init(kind: GraphKind, isUsed: Bool, recall: Double, effort: Int, scored: Int) {
        self.kind = kind
        self.isUsed = isUsed
        self.recall = recall
        self.effort = effort
        self.scored = scored
    }
}
