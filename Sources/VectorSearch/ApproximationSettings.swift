// SPDX-License-Identifier: Apache-2.0

/// When and how an index keeps a graph beside its rows, for searches that look at few of them.
package struct ApproximationSettings: Hashable, Sendable {
    /// Rows from which on there is a graph; below half of them it is dropped.
    package var leastRows: Int
    /// The share of the best 10 (and 100) rows that a search must find on average; where no effort short of a scan's reaches it,
    /// searches scan.
    package var recall: Double
    /// Threads that link rows in the background.
    package var threads: Int
    /// Neighbours of a row by equal weights, and by each segment alone.
    ///
    /// A row takes four bytes for each, and a 64th more.
    package var neighbours: Int
    package var segmentNeighbours: Int
    /// Rows kept in view while a row is linked.
    package var effort: Int
    /// Rows of the index that each kind of query is measured with.
    package var probes: Int

    package init(
        leastRows: Int = 50_000, recall: Double = 0.99, threads: Int = 2, neighbours: Int = 24,
        segmentNeighbours: Int = 8,
        effort: Int = 100, probes: Int = 200
    ) {
        self.leastRows = max(1, leastRows)
        self.recall = recall
        self.threads = max(1, threads)
        self.neighbours = min(64, max(4, neighbours))
        self.segmentNeighbours = min(64, max(0, segmentNeighbours))
        self.effort = max(16, effort)
        self.probes = max(1, probes)
    }

    /// Segments from which on none has neighbours of its own: the lists would outgrow the vectors.
    static let mostSegments = 8
}
