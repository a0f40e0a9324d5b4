// SPDX-License-Identifier: Apache-2.0

internal import CPostgres
internal import Catalog
private import Glibc

/// One connection, used by one thread at a time; never blocks longer than it was told to.
///
/// Statements of one call travel together (libpq's pipeline mode): a call is one journey to the server and back, however
/// many statements it has. `@unchecked Sendable`: the pool hands a session to one caller at a time.
final class Session: @unchecked Sendable {
    private let connection: OpaquePointer
    private var prepared: Set<String> = []
    /// Whether it must not be used again.
    private(set) var isBroken = false
    /// Whether a call has been answered on it.
    private(set) var isUsed = false

    /// Connects to one host; throws `unavailable`.
    init(_ parameters: [(keyword: String, value: String)], timeout: Duration) throws(CatalogError) {
        guard let connection = Self.start(parameters) else { throw .unavailable(.unreachable) }
        self.connection = connection
        // Whatever is thrown from here on, deinit closes.
        try connect(until: .now + timeout)
        PQsetnonblocking(connection, 1)
        PQenterPipelineMode(connection)
    }

    deinit { PQfinish(connection) }

    private static func start(_ parameters: [(keyword: String, value: String)]) -> OpaquePointer? {
        let keywords = parameters.map { strdup($0.keyword) } + [nil]
        let values = parameters.map { strdup($0.value) } + [nil]
        defer { for text in keywords + values { free(text) } }
        return keywords.map { UnsafePointer($0) }.withUnsafeBufferPointer { keywords in
            values.map { UnsafePointer($0) }.withUnsafeBufferPointer { values in
                PQconnectStartParams(keywords.baseAddress, values.baseAddress, 1)
            }
        }
    }

    private func connect(until deadline: ContinuousClock.Instant) throws(CatalogError) {
        var next = PGRES_POLLING_WRITING
        while next != PGRES_POLLING_OK {
            guard PQstatus(connection) != CONNECTION_BAD, next != PGRES_POLLING_FAILED else {
                throw .unavailable(ServerState.trouble(connecting: String(cString: PQerrorMessage(connection))))
            }
            let wanted = next == PGRES_POLLING_READING ? POLLIN : POLLOUT
            guard wait(for: Int16(wanted), until: deadline) else { throw .unavailable(.unreachable) }
            next = PQconnectPoll(connection)
        }
    }

    /// Waits until the socket is ready; false at the deadline.
    private func wait(for events: Int16, until deadline: ContinuousClock.Instant) -> Bool {
        while true {
            let left = deadline - .now
            guard left > .zero else { return false }
            var request = pollfd(fd: PQsocket(connection), events: events, revents: 0)
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            let count = poll(&request, 1, Int32(clamping: milliseconds + 1))
            if count > 0 { return true }
            if count < 0, errno != EINTR { return false }
        }
    }

    /// Whether nothing has happened on the idle connection; a server that went away has closed it.
    var isAlive: Bool {
        guard !isBroken else { return false }
        var request = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, 0) > 0 else { return true }
        // A notice is read and passed over; an end is one.
        return PQconsumeInput(connection) == 1 && PQstatus(connection) == CONNECTION_OK
    }

    /// Has it thrown away when the call is over: its settings are not those of the others.
    func retire() { isBroken = true }

    var serverVersion: Int { Int(PQserverVersion(connection)) }

    // MARK: Statements

    /// Runs statements on one journey; what they return, in order.
    ///
    /// Without BEGIN they are one transaction. When one fails the later ones do nothing, the transaction is rolled back and
    /// its error is thrown. Throws `unavailable(.timedOut)` at the deadline, and the session is broken then.
    func run(_ queries: [Query], until deadline: ContinuousClock.Instant) throws(CatalogError) -> [Rows] {
        do throws(CatalogError) {
            let results = try travel(queries, until: deadline)
            isUsed = true
            return results
        } catch {
            if ServerState.endsSession(error) || PQstatus(connection) == CONNECTION_BAD { isBroken = true }
            if !isBroken, PQtransactionStatus(connection) != PQTRANS_IDLE {
                do throws(CatalogError) {
                    _ = try travel([Query(once: "ROLLBACK")], until: deadline + .seconds(1))
                } catch { isBroken = true }
            }
            throw error
        }
    }

    private func travel(_ queries: [Query], until deadline: ContinuousClock.Instant) throws(CatalogError) -> [Rows] {
        var steps: [(query: Query, isPreparation: Bool)] = []
        for query in queries {
            if !query.name.isEmpty, prepared.insert(query.name).inserted {
                try send(preparing: query)
                steps.append((query, true))
            }
            try send(query)
            steps.append((query, false))
        }
        guard PQpipelineSync(connection) == 1 else { throw lost() }
        var rows: [Rows] = []
        var failure: CatalogError?
        for step in steps {
            do throws(CatalogError) {
                let found = try result(of: step.query, until: deadline)
                if !step.isPreparation { rows.append(found) }
            } catch {
                if step.isPreparation { prepared.remove(step.query.name) }
                if isBroken { throw error }
                // What the server passed over after a failure says nothing of its own.
                if failure == nil { failure = error }
            }
        }
        try finishPipeline(until: deadline)
        if let failure { throw failure }
        return rows
    }

    private func send(preparing query: Query) throws(CatalogError) {
        let types = query.values.map(\.type)
        guard PQsendPrepare(connection, query.name, query.text, Int32(types.count), types) == 1 else { throw lost() }
    }

    private func send(_ query: Query) throws(CatalogError) {
        let values = query.values
        let flat = values.flatMap { $0.bytes ?? [] }
        let lengths = values.map { Int32(clamping: $0.bytes?.count ?? 0) }
        let formats = [Int32](repeating: 1, count: values.count)
        let sent = flat.withUnsafeBufferPointer { flat -> Int32 in
            // An empty value needs an address too: without one it is NULL.
            let base = flat.baseAddress.map { UnsafeRawPointer($0) }
            var nothing: CChar = 0
            return withUnsafePointer(to: &nothing) { nothing in
                var start = 0
                var pointers: [UnsafePointer<CChar>?] = []
                for value in values {
                    guard let bytes = value.bytes else {
                        pointers.append(nil)
                        continue
                    }
                    let place = bytes.isEmpty ? nil : base.map { ($0 + start).assumingMemoryBound(to: CChar.self) }
                    pointers.append(place ?? nothing)
                    start += bytes.count
                }
                if query.name.isEmpty {
                    return PQsendQueryParams(
                        connection, query.text, Int32(values.count), values.map(\.type), pointers, lengths, formats, 1)
                }
                return PQsendQueryPrepared(
                    connection, query.name, Int32(values.count), pointers, lengths, formats, 1)
            }
        }
        guard sent == 1 else { throw lost() }
    }

    // MARK: Answers

    /// Says that the connection is gone, and that nobody shall use it again.
    private func lost(_ trouble: StoreTrouble = .connectionLost) -> CatalogError {
        isBroken = true
        return .unavailable(trouble)
    }

    /// The next result, nil at the end of a statement's; sends what waits and reads what comes.
    private func next(until deadline: ContinuousClock.Instant) throws(CatalogError) -> OpaquePointer? {
        while PQisBusy(connection) == 1 {
            let waiting = PQflush(connection)
            guard waiting >= 0 else { throw lost() }
            guard wait(for: Int16(waiting == 1 ? POLLIN | POLLOUT : POLLIN), until: deadline) else {
                throw lost(.timedOut)
            }
            guard PQconsumeInput(connection) == 1 else { throw lost() }
        }
        return PQgetResult(connection)
    }

    private func result(of query: Query, until deadline: ContinuousClock.Instant) throws(CatalogError) -> Rows {
        guard PQflush(connection) >= 0 else { throw lost() }
        guard let result = try next(until: deadline) else { throw lost() }
        let status = PQresultStatus(result)
        let state = PQresultErrorField(result, 67).map { String(cString: $0) }
        let rows = Rows(result)
        if PQstatus(connection) == CONNECTION_BAD { throw state.map(fatal) ?? lost() }
        // The end of this statement's results.
        while let extra = try next(until: deadline) { PQclear(extra) }
        switch status {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK: return rows
        case PGRES_FATAL_ERROR:
            guard let state else { throw lost() }
            throw ServerState.error(state, operation: query.name.isEmpty ? "statement" : query.name)
        default: throw .unavailable(.conflict)
        }
    }

    /// The server's last words before it closed the connection.
    private func fatal(_ state: String) -> CatalogError {
        isBroken = true
        let error = ServerState.error(state, operation: "connection")
        if case .unavailable = error { return error }
        return .unavailable(.connectionLost)
    }

    private func finishPipeline(until deadline: ContinuousClock.Instant) throws(CatalogError) {
        while let result = try next(until: deadline) {
            defer { PQclear(result) }
            if PQresultStatus(result) == PGRES_PIPELINE_SYNC { return }
        }
        throw lost()
    }
}
