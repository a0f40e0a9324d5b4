// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
private import Glibc
internal import Synchronization
internal import Telemetry

/// Group commit: what waits becomes one transaction.
extension Writer {
    private static let jobsOfOneTransaction = 1_024
    /// The longest wait for more writes: an eighth of what the last transaction took, and at most this.
    private static let mostPatience: UInt64 = 1_000_000
    private static let glance: UInt32 = 50

    private enum Outcome: Sendable {
        case committed([Result<WriteJob.Acknowledgement, CatalogError>], [CatalogChange], freesPages: Bool)
        case failed(CatalogError)
    }

    /// Waits a moment for writers that were just acknowledged and are about to write again.
    ///
    /// Half as many syncs make them twice as fast. One writer alone never waits.
    private func gather() {
        while true {
            let now = DispatchTime.now().uptimeNanoseconds
            let isComplete = waiting.withLock { waiting in
                waiting.jobs.isEmpty || waiting.jobs.count >= waiting.lastCount
                    || now &- waiting.lastEnd > min(waiting.lastDuration / 8, Self.mostPatience)
            }
            if isComplete { return }
            usleep(Self.glance)
        }
    }

    /// The next transaction's writes; nil, and no longer scheduled, when none wait.
    func take() -> [WriteJob]? {
        gather()
        return waiting.withLock { waiting in
            guard !waiting.jobs.isEmpty else {
                waiting.isScheduled = false
                return nil
            }
            var bytes = 0
            var count = 0
            while count < min(waiting.jobs.count, Self.jobsOfOneTransaction),
                count == 0 || bytes < limits.transactionBytes
            {
                bytes += waiting.jobs[count].bytes
                count += 1
            }
            let batch = Array(waiting.jobs.prefix(count))
            waiting.jobs.removeFirst(count)
            waiting.bytes -= bytes
            return batch
        }
    }

    /// Writes one transaction, tells the observers, acknowledges, in that order; after a failure each write for itself.
    func commit(_ batch: [WriteJob], isLastTry: Bool = false) {
        let start = DispatchTime.now().uptimeNanoseconds
        waiting.withLock { $0.begun = start }
        defer { waiting.withLock { $0.begun = nil } }
        let now = clock()
        let outcome = withConnection { (connection) throws(CatalogError) -> Outcome in
            Self.transaction(batch, on: connection, now: now)
        }
        noteEnd(of: batch.count, since: start)
        switch outcome {
        case .success(.committed(let results, let changes, let freesPages)):
            let number = counts.withLock { counts -> Int in
                counts.transactions += 1
                counts.writes += batch.count
                return counts.transactions
            }
            committed(CatalogCommit(number: number, changes: changes))
            for (job, result) in zip(batch, results) { Self.finish(job, result) }
            if freesPages { giveBackPagesLater() }
        case .success(.failed(let error)), .failure(let error):
            if isLastTry || !isWorthAnotherTry(error, batch.count) {
                for job in batch { job.refuse(error) }
            } else {
                for job in batch { commit([job], isLastTry: true) }
            }
        }
    }

    private func noteEnd(of count: Int, since start: UInt64) {
        let end = DispatchTime.now().uptimeNanoseconds
        commitSeconds.observe(Double(end &- start) * 1e-9)
        waiting.withLock { waiting in
            waiting.lastCount = min(count + waiting.jobs.count, Self.jobsOfOneTransaction)
            waiting.lastEnd = end
            waiting.lastDuration = end &- start
        }
    }

    /// Whether the writes of a failed transaction may succeed one by one.
    ///
    /// One of them may have been too large, or have met a damaged page. On a full disk the log is emptied first, as far
    /// as reads under way allow: its space lets deletions through, which make more.
    private func isWorthAnotherTry(_ error: CatalogError, _ count: Int) -> Bool {
        guard error == .diskFull else { return count > 1 && error.mayBeOfOneWrite }
        let emptied = withConnection { (connection) throws(CatalogError) in
            try connection.run("PRAGMA wal_checkpoint(PASSIVE)")
        }
        return count > 1 || (try? emptied.get()) != nil
    }

    private static func finish(_ job: WriteJob, _ result: Result<WriteJob.Acknowledgement, CatalogError>) {
        switch result {
        case .success(let acknowledge): acknowledge()
        case .failure(let error): job.refuse(error)
        }
    }

    private static func transaction(_ batch: [WriteJob], on connection: Connection, now: Int64) -> Outcome {
        let scope = WriteScope(connection, now: now)
        do throws(CatalogError) {
            try connection.run("BEGIN IMMEDIATE")
            var results: [Result<WriteJob.Acknowledgement, CatalogError>] = []
            for job in batch { results.append(try attempt(job, scope)) }
            try reserveRoom(on: connection)
            try connection.run("COMMIT")
            return .committed(results, scope.changes, freesPages: scope.freesPages)
        } catch {
            if connection.isInTransaction { try? connection.execute("ROLLBACK") }
            return .failed(error)
        }
    }

    /// Takes the room that the file needs for every page of the transaction before it is acknowledged from the log.
    ///
    /// So the log can always be moved into the file and used again, on a full disk too: deletions then need no room.
    private static func reserveRoom(on connection: Connection) throws(CatalogError) {
        try connection.reserve(try connection.number("page_count") * connection.number("page_size"))
    }

    /// Runs one write in a savepoint; throws where the whole transaction is lost.
    private static func attempt(
        _ job: WriteJob, _ scope: WriteScope
    ) throws(CatalogError) -> Result<WriteJob.Acknowledgement, CatalogError> {
        let connection = scope.connection
        let before = scope.changes.count
        try connection.run("SAVEPOINT job")
        let result = job.attempt(scope)
        if case .failure(let error) = result {
            guard !error.isOfTheStore, connection.isInTransaction else { throw error }
            scope.forgetChanges(after: before)
            try connection.run("ROLLBACK TO job")
        }
        try connection.run("RELEASE job")
        return result
    }
}
