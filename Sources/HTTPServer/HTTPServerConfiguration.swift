// SPDX-License-Identifier: Apache-2.0

private import Foundation

/// Everything a server needs to know before it starts.
package struct HTTPServerConfiguration: Sendable {
    /// Where to listen, in any number of places.
    package var addresses: [ListenAddress]
    package var limits: HTTPLimits
    /// Event loops, each with a thread of its own: by default one for each core in use, 8 at most.
    package var loops: Int

    package init(
        addresses: [ListenAddress], limits: HTTPLimits = HTTPLimits(), loops: Int = HTTPServerConfiguration.defaultLoops
    ) {
        precondition(loops > 0, "a server needs an event loop, not \(loops)")
        self.addresses = addresses
        self.limits = limits
        self.loops = loops
    }

    /// One for each core in use, 8 at most.
    package static var defaultLoops: Int { min(8, max(1, ProcessInfo.processInfo.activeProcessorCount)) }
}

/// Something an operator may want to read in a log.
package enum HTTPServerEvent: Sendable, Hashable, CustomStringConvertible {
    /// Accepting failed and rests for a moment; the error number says why.
    case acceptPaused(errno: Int32)
    /// A handler let go of a request without answering it; the client got a 500.
    case replyForgotten(request: UInt64)
    /// Connections that were still busy at the end of draining were closed.
    case drainForced(connections: Int)

    package var description: String {
        switch self {
        case .acceptPaused(let number): "accept4 failed with errno \(number); accepting rests for a moment"
        case .replyForgotten(let request): "request \(request) was never answered by its handler"
        case .drainForced(let count): "\(count) connections were still busy when draining ended"
        }
    }
}
