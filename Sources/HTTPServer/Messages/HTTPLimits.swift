// SPDX-License-Identifier: Apache-2.0

/// Every bound the server puts on a client, with its default; the limit of a body is the handler's, per request.
package struct HTTPLimits: Sendable, Hashable {
    /// Bytes of a request head, request line and empty line included: 32 KiB; more is answered with 431.
    package var headBytes = 32 * 1024
    /// Header fields of a request, and separately of its trailers: 100; more is answered with 431.
    package var fieldCount = 100
    /// Bytes of a request target: 8 KiB; more is answered with 414.
    package var targetBytes = 8 * 1024
    /// Bytes of one chunk-size line with its extensions: 256; all extensions of a body together fit in `headBytes`.
    package var chunkLineBytes = 256
    /// Bytes of a refused request's body that are read and thrown away to keep the connection: 64 KiB.
    package var discardBytes = 64 * 1024
    /// Bytes read and thrown away after the last response so that the client can read it: 32 MiB.
    package var lingerBytes = 32 * 1024 * 1024
    /// Connections open at once: 2,048; one more is answered with 503 and closed, so clients learn at once.
    package var connections = 2048

    /// From the first byte of a head to its last: 10 s; slower is answered with 408.
    package var headTimeout: Duration = .seconds(10)
    /// Longest silence within a body, and the grace before its rate counts: 30 s; slower is answered with 408.
    package var bodyTimeout: Duration = .seconds(30)
    /// Average bytes a second a body must keep up once its grace is over: 1 KiB.
    package var bodyRate = 1024
    /// How long a connection may wait for its first or next request: 75 s; closed without a word after that.
    package var keepAliveTimeout: Duration = .seconds(75)
    /// Longest time in which a client reads nothing of a response: 30 s; closed after that.
    package var writeTimeout: Duration = .seconds(30)
    /// How long the server waits for a client to close after the last response: 5 s, and 1 s while draining.
    package var lingerTimeout: Duration = .seconds(5)

    /// The defaults.
    package init() {}
}
