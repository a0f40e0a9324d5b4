// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Synchronization
internal import Telemetry

/// The one writer: a queue whose waiting writes share a transaction, and with it one fsync (group commit).
///
/// While one transaction is being synced the next writes gather; each has its own savepoint, so one that fails leaves
/// the others as they are. Completions and observers run on the writer's queue, after the commit is on disk.
package final class Writer: Sendable {
    struct Waiting {
        var jobs: [WriteJob] = []
        var bytes = 0
        var isScheduled = false
        var isClosed = false
        /// Writes that were in the last transaction or waited when it ended.
        var lastCount = 0
        /// When the last transaction ended and how long it took, in nanoseconds of the system's uptime.
        var lastEnd: UInt64 = 0
        var lastDuration: UInt64 = 0
        /// When the transaction under way began, in the same nanoseconds; nil between two.
        var begun: UInt64?
        /// Whether free pages are being given back to the disk.
        var isGivingBack = false
    }

    /// What has been committed since the store was opened.
    struct Counts: Sendable, Equatable {
        var transactions = 0
        var writes = 0
    }

    let waiting = Mutex(Waiting())
    let counts = Mutex(Counts())
    /// Seconds a transaction took, its sync included.
    let commitSeconds = Histogram()
    let limits: CatalogLimits
    let clock: @Sendable () -> Int64
    let committed: @Sendable (CatalogCommit) -> Void
    private let queue = DispatchQueue(label: "facet.catalog.writer", qos: .userInitiated)
    private let mark = DispatchSpecificKey<Bool>()
    private let connection: SharedConnection

    init(
        _ connection: Connection, limits: CatalogLimits, clock: @escaping @Sendable () -> Int64,
        committed: @escaping @Sendable (CatalogCommit) -> Void
    ) {
        self.connection = SharedConnection(connection)
        self.limits = limits
        self.clock = clock
        self.committed = committed
        queue.setSpecific(key: mark, value: true)
    }

    /// How long the transaction under way has taken, its observers and acknowledgements included; zero between two.
    var transactionAge: Duration {
        let begun = waiting.withLock { $0.begun }
        let now = DispatchTime.now().uptimeNanoseconds
        return begun.map { .nanoseconds(now > $0 ? now - $0 : 0) } ?? .zero
    }

    /// Whether the caller runs on the writer's queue, where waiting for a write would never end.
    var isCurrentQueue: Bool { DispatchQueue.getSpecific(key: mark) == true }

    private func requireAnotherQueue() {
        precondition(!isCurrentQueue, "a completion or an observer waits for the writer on its own queue")
    }

    /// Takes a write; it is acknowledged or refused on the writer's queue, or refused here when too much waits.
    ///
    /// A write of no bytes is always taken.
    package func submit(_ job: WriteJob) {
        let start = waiting.withLock { waiting -> Result<Bool, CatalogError> in
            guard !waiting.isClosed else { return .failure(.closed) }
            let bytes = waiting.bytes.addingReportingOverflow(job.bytes)
            guard
                waiting.jobs.isEmpty || job.bytes == 0 || (!bytes.overflow && bytes.partialValue <= limits.waitingBytes)
            else { return .failure(.queueFull) }
            waiting.bytes = bytes.partialValue
            waiting.jobs.append(job)
            defer { waiting.isScheduled = true }
            return .success(!waiting.isScheduled)
        }
        switch start {
        case .failure(let error): job.refuse(error)
        case .success(true): queue.async { self.drain() }
        case .success(false): break
        }
    }

    /// Submits a write and waits until it is on disk; never call it from a completion or an observer.
    func perform<Value: Sendable>(
        bytes: Int, _ work: @escaping @Sendable (WriteScope) throws(CatalogError) -> Value
    ) throws(CatalogError) -> Value {
        requireAnotherQueue()
        let answer = Answer<Value>()
        submit(WriteJob(bytes: bytes, work: work) { answer.give($0) })
        return try answer.wait().get()
    }

    /// Runs `body` outside any transaction, between two of them, while writes wait.
    func exclusively<Value: Sendable>(
        _ body: (Connection) throws(CatalogError) -> Value
    ) throws(CatalogError) -> Value {
        requireAnotherQueue()
        let result = queue.sync { withConnection(body) }
        return try result.get()
    }

    /// Runs `body` on the writer's queue after what already waits there.
    func later(after seconds: Double = 0, _ body: @escaping @Sendable () -> Void) {
        queue.asyncAfter(deadline: .now() + seconds, execute: body)
    }

    /// Runs `body` on the connection, from the writer's own queue.
    func withConnection<Value: Sendable>(
        _ body: (Connection) throws(CatalogError) -> Value
    ) -> Result<Value, CatalogError> {
        do throws(CatalogError) { return .success(try connection.lend(body)) } catch { return .failure(error) }
    }

    /// Refuses new writes, finishes those that wait, runs `body` on the connection and closes it.
    func close(_ body: (Connection) throws(CatalogError) -> Void) throws(CatalogError) {
        requireAnotherQueue()
        let wasOpen = waiting.withLock { waiting in
            defer { waiting.isClosed = true }
            return !waiting.isClosed
        }
        guard wasOpen else { return }
        let result = queue.sync {
            while let batch = take() { commit(batch) }
            let result = withConnection(body)
            connection.close()
            return result
        }
        try result.get()
    }

    /// One transaction, then its turn at the queue's end, so that maintenance is never starved by writes.
    private func drain() {
        guard let batch = take() else { return }
        commit(batch)
        queue.async { self.drain() }
    }
}

/// A result that one thread gives and another waits for.
private final class Answer<Value: Sendable>: Sendable {
    private let value = Mutex<Result<Value, CatalogError>?>(nil)
    private let given = DispatchSemaphore(value: 0)

    func give(_ result: Result<Value, CatalogError>) {
        value.withLock { $0 = result }
        given.signal()
    }

    func wait() -> Result<Value, CatalogError> {
        given.wait()
        return value.withLock { $0 } ?? .failure(.closed)
    }
}
