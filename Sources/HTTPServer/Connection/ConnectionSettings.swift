// SPDX-License-Identifier: Apache-2.0

/// Limits with their durations as nanoseconds, shared by all connections of a server.
package final class ConnectionSettings: Sendable {
    let limits: HTTPLimits
    let headTimeout: Int
    let bodyTimeout: Int
    let keepAliveTimeout: Int
    let writeTimeout: Int
    let lingerTimeout: Int
    let drainLingerTimeout: Int

    package init(_ limits: HTTPLimits) {
        self.limits = limits
        headTimeout = limits.headTimeout.nanoseconds
        bodyTimeout = limits.bodyTimeout.nanoseconds
        keepAliveTimeout = limits.keepAliveTimeout.nanoseconds
        writeTimeout = limits.writeTimeout.nanoseconds
        lingerTimeout = limits.lingerTimeout.nanoseconds
        drainLingerTimeout = min(lingerTimeout, 1_000_000_000)
    }
}

extension Duration {
    /// The duration in nanoseconds, at least 0 and at most about a century.
    var nanoseconds: Int {
        let (seconds, attoseconds) = components
        let whole = Int(max(0, min(seconds, 3_000_000_000))) * 1_000_000_000
        return max(0, whole + (seconds < 3_000_000_000 ? Int(attoseconds / 1_000_000_000) : 0))
    }
}
