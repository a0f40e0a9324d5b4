// SPDX-License-Identifier: Apache-2.0

/// What a write works with inside the writer's transaction.
package final class WriteScope {
    /// The connection, in its transaction.
    package let connection: Connection
    /// The time of the transaction, in milliseconds since 1970.
    let now: Int64
    /// What the transaction changed so far.
    private(set) var changes: [CatalogChange] = []
    /// Whether rows were deleted, so that pages may be given back.
    private(set) var freesPages = false

    init(_ connection: Connection, now: Int64) {
        self.connection = connection
        self.now = now
    }

    /// Adds what observers are told when the transaction is committed.
    package func report(_ change: CatalogChange) {
        changes.append(change)
    }

    func reportFreedPages() {
        freesPages = true
    }

    /// Forgets the changes of a write that was rolled back.
    func forgetChanges(after count: Int) {
        changes.removeSubrange(count...)
    }
}
