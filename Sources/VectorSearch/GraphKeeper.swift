// SPDX-License-Identifier: Apache-2.0

private import Dispatch
private import Synchronization

/// Builds an index's graph in the background, on threads that give way to all others, and follows its writes.
///
/// Searches and writes never wait for it: it holds the index's lock only to take a batch of rows and to hand it back.
final class GraphKeeper: Sendable {
    let settings: ApproximationSettings
    private let queue = DispatchQueue(label: "facet.graph", qos: .utility)
    private let isScheduled = Atomic<Bool>(false)
    private let hasFailed = Atomic<Bool>(false)

    init(_ settings: ApproximationSettings) { self.settings = settings }

    private enum Step {
        case start
        case link(LinkGraph, [UInt32], IndexSnapshot, linked: Int)
        case measure(LinkGraph, IndexSnapshot, linked: Int, extra: [UInt32])
    }

    /// Called after writes; any thread.
    func wake(_ index: VectorIndex) {
        guard !hasFailed.load(ordering: .relaxed), index.state.withLock({ $0.needsKeeper(settings) }),
            !isScheduled.exchange(true, ordering: .acquiringAndReleasing)
        else { return }
        // An index that nobody holds any more is left unfinished.
        queue.async { [weak index] in
            guard let index else { return }
            self.work(index)
            self.isScheduled.store(false, ordering: .releasing)
            self.wake(index)
        }
    }

    private func work(_ index: VectorIndex) {
        switch next(index) {
        case nil: return
        case .start: start(index)
        case .link(let graph, let rows, let snapshot, let linked):
            guard graph.reserve(snapshot.count) else { return give(up: index) }
            graph.link(rows, in: snapshot, linked: linked, threads: settings.threads)
            index.state.withLock { state in
                if state.work?.graph === graph { state.work?.done(rows, count: state.count) }
            }
        case .measure(let graph, let snapshot, let linked, let extra):
            BackgroundThreads.perform(on: 1) {
                let calibration = GraphCalibration(
                    graph, snapshot: snapshot, linked: linked, extra: extra, settings: settings)
                index.state.withLock { state in
                    if state.work?.graph === graph { state.work?.measured(calibration) }
                }
            }
        }
    }

    private func next(_ index: VectorIndex) -> Step? {
        index.state.withLock { state in
            guard let work = state.work else { return state.count >= settings.leastRows ? .start : nil }
            // A graph most of which is out of date is a poor guide to where rows belong now.
            guard state.count >= settings.leastRows / 2, !work.isOutdated(count: state.count) else {
                state.work = nil
                return nil
            }
            let snapshot = index.snapshot(of: state)
            let isNearlyDone = work.pending(count: state.count) * 500 <= state.count
            if isNearlyDone, work.needsMeasuring(count: state.count) {
                return .measure(work.graph, snapshot, linked: min(work.linked, state.count), extra: work.extra)
            }
            let rows = state.work?.take(count: state.count) ?? []
            return rows.isEmpty ? nil : .link(work.graph, rows, snapshot, linked: min(work.linked, state.count))
        }
    }

    private func start(_ index: VectorIndex) {
        guard let graph = LinkGraph(layout: index.layout, settings: settings, instructions: index.instructions) else {
            return give(up: index)
        }
        index.state.withLock { state in if state.work == nil { state.work = GraphWork(graph: graph) } }
    }

    /// Without memory for it there is no graph; searches scan.
    private func give(up index: VectorIndex) {
        hasFailed.store(true, ordering: .relaxed)
        index.state.withLock { $0.work = nil }
    }
}
