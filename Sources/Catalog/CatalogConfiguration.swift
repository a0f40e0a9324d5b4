// SPDX-License-Identifier: Apache-2.0

private import Foundation

/// How a catalog is opened.
package struct CatalogConfiguration: Sendable {
    /// The database file; its folder must exist.
    ///
    /// Three more files stand beside it while it is open: `-wal`, `-shm` and `-lock`, the last of which stays.
    package var path: String
    /// What the catalog accepts.
    package var limits = CatalogLimits()
    /// Read-only connections, and with them calls that read at the same time (4).
    package var readers = 4
    /// How long another process's lock on the file is waited for (5,000).
    package var busyMilliseconds = 5_000
    /// The time written into rows, in milliseconds since 1970.
    package var clock: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000) }

    package init(path: String) {
        self.path = path
    }
}
