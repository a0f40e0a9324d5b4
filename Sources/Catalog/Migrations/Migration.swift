// SPDX-License-Identifier: Apache-2.0

/// One step from a schema version to the next; never edited once released.
package struct Migration: Sendable {
    /// The version that the file has afterwards.
    package let version: Int
    /// Statements, separated by semicolons, that run in one transaction.
    package let sql: String

    package init(version: Int, sql: String) {
        self.version = version
        self.sql = sql
    }

    /// Every step, in order.
    package static let all = [version1, version2]
    /// The version this program writes.
    package static let newest = all.count
    /// Says in the file's header that it is a catalog: the letters "FCAT".
    package static let applicationID = 0x4643_4154
}
