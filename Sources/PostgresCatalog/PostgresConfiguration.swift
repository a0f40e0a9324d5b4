// SPDX-License-Identifier: Apache-2.0

package import Catalog
private import Foundation
package import VectorSearch

/// How a catalog on a PostgreSQL server is opened.
package struct PostgresConfiguration: Sendable {
    /// A connection URL as libpq reads it: `postgres://user:password@host1,host2/database?sslmode=verify-full`.
    ///
    /// Tables are made in the first schema of the connection's search path. Of several hosts the one that takes writes is
    /// used, unless the URL says otherwise with `target_session_attrs`.
    package var url: String
    /// What the catalog accepts; pgvector holds at most 16,000 components.
    package var limits = CatalogLimits()
    /// Connections at most, and with them calls that are at work at the same time (12).
    package var connections = 12
    /// Calls that write at the same time; other calls have the remaining connections to themselves (4).
    package var writers = 4
    /// How long one host is waited for when connecting (5 s).
    package var connectTimeout = Duration.seconds(5)
    /// How long a statement may take before the server ends it (30 s).
    package var statementTimeout = Duration.seconds(30)
    /// How long a call waits for a free connection (10 s).
    package var poolTimeout = Duration.seconds(10)
    /// How long calls are refused at once after a connection could not be made (0.5 s).
    package var retryDelay = Duration.milliseconds(500)
    /// How often the server is asked whether it is well, and collections are looked at for graphs and remains (2 s, 15 s).
    package var probeInterval = Duration.seconds(2)
    package var careInterval = Duration.seconds(15)
    /// From how many items on, and how good, graphs are; nil for none.
    package var approximation: ApproximationSettings? = ApproximationSettings()
    /// The time written into rows, in milliseconds since 1970.
    package var clock: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000) }

    package init(url: String) {
        self.url = url
        limits.vectorComponents = min(limits.vectorComponents, 16_000)
    }
}
