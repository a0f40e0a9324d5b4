// SPDX-License-Identifier: Apache-2.0

private import Dispatch
internal import Synchronization

/// Read-only connections: a few that short reads share, and one of its own for each long read.
///
/// A short read beyond the pool's number waits for another to end; a long one never makes it wait.
final class ReaderPool: Sendable {
    private struct State {
        var free: [SharedConnection]
        var isClosed = false
    }

    private let path: String
    private let state: Mutex<State>
    private let places: DispatchSemaphore
    private let longReads = DispatchGroup()
    private let count: Int

    init(_ path: String, count: Int) throws(CatalogError) {
        var readers: [SharedConnection] = []
        for _ in 0..<count { readers.append(SharedConnection(try Self.open(path))) }
        self.path = path
        self.count = count
        places = DispatchSemaphore(value: count)
        state = Mutex(State(free: readers))
    }

    private static func open(_ path: String) throws(CatalogError) -> Connection {
        let connection = try Connection(path, mode: .reader)
        try connection.execute("PRAGMA query_only = ON; PRAGMA cache_size = -4096")
        return connection
    }

    /// Runs `body` in a read transaction on a free connection; it sees every commit made before the call.
    func read<Value: Sendable>(
        _ body: (Connection) throws(CatalogError) -> Value
    ) throws(CatalogError) -> Value {
        places.wait()
        defer { places.signal() }
        guard let reader = state.withLock({ $0.isClosed ? nil : $0.free.popLast() }) else { throw .closed }
        defer { state.withLock { if !$0.isClosed { $0.free.append(reader) } } }
        return try reader.lend { (connection) throws(CatalogError) in
            try connection.reading { () throws(CatalogError) in try body(connection) }
        }
    }

    /// Runs `body` in a read transaction on a connection opened for it, for reads of seconds.
    func readAlone<Value: Sendable>(
        _ body: (Connection) throws(CatalogError) -> Value
    ) throws(CatalogError) -> Value {
        let isOpen = state.withLock { state in
            if !state.isClosed { longReads.enter() }
            return !state.isClosed
        }
        guard isOpen else { throw .closed }
        defer { longReads.leave() }
        let connection = try Self.open(path)
        return try connection.reading { () throws(CatalogError) in try body(connection) }
    }

    /// Waits for the calls under way, then closes every connection; later calls throw ``CatalogError/closed``.
    func close() {
        let wasOpen = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard wasOpen else { return }
        longReads.wait()
        for _ in 0..<count { places.wait() }
        state.withLock { $0.free.removeAll() }
        for _ in 0..<count { places.signal() }
    }
}
