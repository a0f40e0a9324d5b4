// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// A connection that many threads may ask for and one at a time has, until it is closed.
///
/// `@unchecked Sendable`: every access to `connection` holds `turn`, and `Connection` is not kept by those who are lent
/// it. A `Mutex` of the connection itself would allow only bodies that capture nothing of their callers.
final class SharedConnection: @unchecked Sendable {
    private let turn = Mutex(())
    private var connection: Connection?

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Runs `body` when it is this caller's turn; throws ``CatalogError/closed`` after ``close()``.
    func lend<Value: Sendable>(
        _ body: (Connection) throws(CatalogError) -> Value
    ) throws(CatalogError) -> Value {
        try turn.withLock { _ throws(CatalogError) -> Value in
            guard let connection else { throw .closed }
            return try body(connection)
        }
    }

    /// Waits for the caller who has it, then closes.
    func close() {
        turn.withLock { _ in connection = nil }
    }
}
