// SPDX-License-Identifier: Apache-2.0

/// What a handler says about a request before its body is read.
package enum HTTPAdmission: Sendable {
    /// Read the body, up to `bodyLimit` bytes; a longer one is answered with 413.
    case accept(bodyLimit: Int)
    /// Answer now. A short body is skipped and the connection kept, a longer one closes it.
    case refuse(HTTPResponse)
}

/// The application behind the server.
///
/// All three calls come on an event loop's thread, which serves other connections too, so none may block.
package protocol HTTPHandler: Sendable {
    /// Decides on a request from its head, before a byte of its body is read.
    func admit(_ head: HTTPRequestHead) -> HTTPAdmission

    /// Starts answering a request.
    ///
    /// `reply` may be called from any thread, now or later; calls after the first are ignored. A `reply` that is
    /// dropped without having been called answers 500, so a client never waits for a forgotten request.
    func respond(to request: HTTPRequest, _ reply: @escaping @Sendable (HTTPResponse) -> Void)

    /// The response for a request the server refuses itself, so that every error has the application's one shape.
    func refusal(_ error: HTTPProtocolError) -> HTTPResponse
}
