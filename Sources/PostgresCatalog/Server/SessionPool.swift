// SPDX-License-Identifier: Apache-2.0

internal import Catalog
private import Foundation
internal import Synchronization
internal import Telemetry

/// A few connections to one server, lent to one call each; any thread.
///
/// A connection that broke is thrown away and another is made when it is needed, so that the service recovers by itself.
/// After one could not be made, calls are refused at once for a moment instead of waiting one behind the other.
final class SessionPool: Sendable {
    private struct State {
        var idle: [Session] = []
        var lent = 0
        var isClosed = false
        /// Why the server cannot be used, as far as is known, and since when.
        var trouble: StoreTrouble?
        var lastFailure: ContinuousClock.Instant?
        /// The host that answered last.
        var host = 0
    }

    private let state = Mutex(State())
    private let free: DispatchSemaphore
    private let configuration: PostgresConfiguration
    private let hosts: HostList

    init(_ configuration: PostgresConfiguration) throws(CatalogError) {
        self.configuration = configuration
        hosts = try HostList(url: configuration.url)
        free = DispatchSemaphore(value: max(2, configuration.connections))
    }

    /// Why the last call failed, if it did for the server's sake.
    var trouble: StoreTrouble? { state.withLock { $0.trouble } }

    /// Connections that are lent and that wait.
    var counts: (lent: Int, idle: Int) { state.withLock { ($0.lent, $0.idle.count) } }

    /// Calls `body` with a connection; throws `unavailable` where none is to be had, `closed`, and what `body` throws.
    ///
    /// `timeout` replaces the server's limit for statements, for work that may take long.
    func lend<Value>(
        timeout: Duration? = nil, _ body: (Loan) throws(CatalogError) -> Value
    ) throws(CatalogError) -> Value {
        guard free.wait(timeout: .now() + configuration.poolTimeout.seconds) == .success else {
            throw .unavailable(.timedOut)
        }
        defer { free.signal() }
        let session = try take()
        let loan = Loan(session: session, limit: (timeout ?? configuration.statementTimeout) + .seconds(2))
        do throws(CatalogError) {
            let value = try body(loan)
            giveBack(session, after: nil)
            return value
        } catch {
            giveBack(session, after: error)
            throw error
        }
    }

    /// Like ``lend(timeout:_:)``, once more where the connection broke below a call that only reads.
    func read<Value>(_ body: (Loan) throws(CatalogError) -> Value) throws(CatalogError) -> Value {
        do throws(CatalogError) {
            return try lend(body)
        } catch .unavailable(.connectionLost) {
            return try lend(body)
        } catch .unavailable(.starting) {
            return try lend(body)
        }
    }

    /// Closes what is idle; what is lent is closed when it comes back.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.idle = []
        }
    }

    private func take() throws(CatalogError) -> Session {
        while true {
            let found = try state.withLock { state throws(CatalogError) -> Session? in
                guard !state.isClosed else { throw .closed }
                state.lent += 1
                return state.idle.popLast()
            }
            guard let found else { break }
            if found.isAlive { return found }
            state.withLock { $0.lent -= 1 }
        }
        do throws(CatalogError) {
            return try open()
        } catch {
            state.withLock { $0.lent -= 1 }
            throw error
        }
    }

    private func giveBack(_ session: Session, after error: CatalogError?) {
        state.withLock { state in
            state.lent -= 1
            note(error, in: &state)
            // Its siblings saw the same server go.
            if let error, ServerState.endsSession(error), error != .unavailable(.timedOut) { state.idle = [] }
            if !session.isBroken, !state.isClosed { state.idle.append(session) }
        }
    }

    private func note(_ error: CatalogError?, in state: inout State) {
        if case .unavailable(let trouble)? = error {
            guard trouble != .conflict, trouble != .timedOut else { return }
            state.trouble = trouble
            if trouble != .connectionLost { state.lastFailure = .now }
        } else {
            // Whatever else the server said, it said something.
            state.trouble = nil
            state.lastFailure = nil
        }
    }

    // MARK: Connecting

    private func open() throws(CatalogError) -> Session {
        let (trouble, first) = state.withLock { state -> (StoreTrouble?, Int) in
            guard let last = state.lastFailure, .now - last < configuration.retryDelay else { return (nil, state.host) }
            return (state.trouble, state.host)
        }
        if let trouble { throw .unavailable(trouble) }
        var failure = CatalogError.unavailable(.unreachable)
        for step in hosts.hosts.indices {
            let place = (first + step) % hosts.hosts.count
            do throws(CatalogError) {
                let session = try Session(hosts.hosts[place], timeout: configuration.connectTimeout)
                try prepare(session)
                state.withLock { $0.host = place }
                return session
            } catch {
                // A standby that answers says more than a host that does not.
                if step == 0 || failure == .unavailable(.unreachable) { failure = error }
            }
        }
        // Not for calls that were refused at once above: under load their moment would never end.
        state.withLock { note(failure, in: &$0) }
        throw failure
    }

    /// Limits of our own, and an end to settings that would acknowledge what is not on disk.
    private func prepare(_ session: Session) throws(CatalogError) {
        let statement = Int(configuration.statementTimeout.seconds * 1000)
        _ = try session.run(
            [
                Query(
                    once: """
                        SELECT set_config('statement_timeout', '\(statement)', false),
                        set_config('lock_timeout', '\(max(1, statement / 3))', false),
                        set_config('idle_in_transaction_session_timeout', '\(statement + 5_000)', false),
                        CASE WHEN current_setting('synchronous_commit') = 'off'
                        THEN set_config('synchronous_commit', 'on', false) END
                        """)
            ], until: .now + configuration.connectTimeout)
    }
}

/// A session for the length of one call.
struct Loan {
    let session: Session
    let limit: Duration

    /// Runs statements on one journey; see ``Session/run(_:until:)``.
    func run(_ queries: [Query]) throws(CatalogError) -> [Rows] { try session.run(queries, until: .now + limit) }

    /// Runs one statement.
    func run(_ query: Query) throws(CatalogError) -> Rows {
        guard let rows = try run([query]).first else { throw .unavailable(.connectionLost) }
        return rows
    }
}
