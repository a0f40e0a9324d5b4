// SPDX-License-Identifier: Apache-2.0

private import Synchronization

/// A whole request: its head and all of its body.
package struct HTTPRequest: Sendable {
    package var head: HTTPRequestHead
    /// The content with any chunked coding removed; empty when there was none.
    package var body: [UInt8]
    /// A number no other request of this server has, for logs and `X-Request-Id`.
    package var id: UInt64
    /// Turns true when nobody waits for the response any more.
    package var cancellation: HTTPCancellation

    package init(
        head: HTTPRequestHead, body: [UInt8] = [], id: UInt64 = 0, cancellation: HTTPCancellation = HTTPCancellation()
    ) {
        self.head = head
        self.body = body
        self.id = id
        self.cancellation = cancellation
    }
}

/// Tells long work that the client has gone; safe from any thread.
///
/// A client has gone when its connection broke, when it closed its end before the response, or when the server was
/// told to stop. The response may still be given, and is sent where the connection allows.
package final class HTTPCancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    package init() {}

    /// Whether the response would reach nobody.
    package var isCancelled: Bool { flag.load(ordering: .relaxed) }

    /// Marks the request as abandoned; it stays so.
    package func cancel() {
        flag.store(true, ordering: .relaxed)
    }
}
