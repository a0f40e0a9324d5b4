// SPDX-License-Identifier: Apache-2.0

/// A final response.
///
/// The server writes `Date`, `Server`, `Content-Length` and `Connection` itself and drops what a handler sets under
/// those names, with two exceptions: `Connection: close` closes the connection after this response, and a response
/// to HEAD without a body keeps the `Content-Length` it was given. `Transfer-Encoding` is always dropped.
package struct HTTPResponse: Sendable, Equatable {
    /// 200 to 599.
    package var status: Int
    package var headers: HTTPHeaders
    /// The content; not sent in answer to HEAD nor with 204 and 304.
    package var body: [UInt8]

    package init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        precondition((200..<600).contains(status), "status \(status) is not a final one, 200 to 599")
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A body of the given media type.
    package init(status: Int, contentType: String, body: [UInt8]) {
        self.init(status: status, headers: ["Content-Type": contentType], body: body)
    }

    /// Plain text in UTF-8.
    package init(status: Int, text: String) {
        self.init(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }

    /// The answer to OPTIONS: 204 and the methods the resource has.
    package static func options(allow methods: [HTTPMethod]) -> HTTPResponse {
        HTTPResponse(status: 204, headers: ["Allow": methods.map(\.name).joined(separator: ", ")])
    }
}
