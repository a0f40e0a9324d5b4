// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Foundation
internal import Synchronization

/// Writes that were taken and are made a few at a time; any thread.
final class WriteLane: Sendable {
    private struct State {
        var bytes = 0
        var isClosed = false
        var next = 0
        var begun: [Int: ContinuousClock.Instant] = [:]
        var transactions = 0
        var writes = 0
    }

    private let state = Mutex(State())
    private let queue = OperationQueue()
    private let limit: Int

    init(width: Int, limit: Int) {
        self.limit = limit
        queue.maxConcurrentOperationCount = max(1, width)
        queue.qualityOfService = .userInitiated
    }

    var waitingBytes: Int { state.withLock { $0.bytes } }
    var counts: (transactions: Int, writes: Int) { state.withLock { ($0.transactions, $0.writes) } }

    /// How long the oldest transaction under way has taken.
    var oldest: Duration {
        let first = state.withLock { $0.begun.values.min() }
        return first.map { .now - $0 } ?? .zero
    }

    /// Takes work of about `bytes`; throws `queueFull` and `closed`.
    func submit(bytes: Int, _ work: @escaping @Sendable () -> Void) throws(CatalogError) {
        try state.withLock { state throws(CatalogError) in
            guard !state.isClosed else { throw .closed }
            guard state.bytes + bytes <= limit else { throw .queueFull }
            state.bytes += bytes
        }
        queue.addOperation { [self] in
            work()
            state.withLock { $0.bytes -= bytes }
        }
    }

    /// Refuses what comes from now on and waits for what was taken.
    func close() {
        state.withLock { $0.isClosed = true }
        queue.waitUntilAllOperationsAreFinished()
    }

    func begin() -> Int {
        state.withLock { state in
            state.next += 1
            state.begun[state.next] = .now
            return state.next
        }
    }

    func end(_ mark: Int) { state.withLock { $0.begun[mark] = nil } }

    func count(writes: Int) {
        state.withLock { state in
            state.transactions += 1
            state.writes += writes
        }
    }
}
