// SPDX-License-Identifier: Apache-2.0

package import Telemetry

/// What a server counts; safe to read from any thread at any time.
package struct HTTPServerMetrics: Sendable {
    /// Connections open now, those being turned away included.
    package let connectionsOpen = Gauge()
    /// Connections accepted since the start, refused ones included.
    package let connectionsAccepted = Counter()
    /// Connections turned away: over the limit, or for want of descriptors.
    package let connectionsRefused = Counter()
    /// Requests handed to the handler whole.
    package let requests = Counter()
    /// Requests whose client went away before the response.
    package let requestsAbandoned = Counter()
    /// Refusals by the server itself, one counter for every case.
    package let protocolErrors: [HTTPProtocolError: Counter]

    package init() {
        protocolErrors = Dictionary(uniqueKeysWithValues: HTTPProtocolError.allCases.map { ($0, Counter()) })
    }
}
