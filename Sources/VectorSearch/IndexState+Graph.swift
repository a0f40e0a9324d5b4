// SPDX-License-Identifier: Apache-2.0

/// What a search needs of the graph at one moment.
struct GraphView: Sendable {
    let graph: LinkGraph
    let calibration: GraphCalibration
    let linked: Int
    let extra: [UInt32]

    /// Rows that are scored in any case, out of `count`.
    func loose(count: Int) -> Int { extra.count + max(0, count - linked) }
}

extension IndexState {
    /// Nil while there is no graph that was measured.
    var graphView: GraphView? {
        guard let work, let calibration = work.calibration else { return nil }
        return GraphView(
            graph: work.graph, calibration: calibration, linked: min(work.linked, count), extra: work.extra)
    }

    /// Whether the keeper has something to do.
    func needsKeeper(_ settings: ApproximationSettings) -> Bool {
        guard let work else { return count >= settings.leastRows }
        return count < settings.leastRows / 2 || !work.isIdle(count: count)
    }

    func status(_ settings: ApproximationSettings) -> ApproximationStatus {
        guard let work else { return .init(phase: .off, linked: 0, pending: 0, bytes: 0, measured: []) }
        return ApproximationStatus(
            phase: work.calibration == nil ? .building : .ready, linked: min(work.linked, count),
            pending: work.pending(count: count), bytes: work.graph.bytes(rows: count),
            measured: work.calibration?.summary ?? [])
    }
}
