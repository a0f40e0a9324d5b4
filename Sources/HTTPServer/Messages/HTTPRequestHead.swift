// SPDX-License-Identifier: Apache-2.0

/// A request without its body, checked and taken apart.
package struct HTTPRequestHead: Sendable {
    package let method: HTTPMethod
    /// The target as it was sent.
    package let target: String
    /// The path, percent-decoded; `/` for an absolute target without one, `*` for `OPTIONS *`.
    package let path: String
    /// The path cut at each `/` and then decoded, without the leading one: `/a%2Fb/c` is `["a/b", "c"]`, `/` is `[]`,
    /// and `/a/` is `["a", ""]`.
    package let pathSegments: [String]
    /// The query's pairs in order, decoded, `+` as a space.
    package let query: [(name: String, value: String)]
    package let headers: HTTPHeaders
    package let version: HTTPVersion
    /// The length the body will have; nil when it is chunked or there is none.
    package let contentLength: Int?
    /// Whether the body comes in chunks of unknown total length.
    package let isChunked: Bool
    /// Whether the client wants the connection kept for another request.
    package let keepsAlive: Bool
    /// Whether the client waits for a 100 before it sends its body.
    package let expectsContinue: Bool

    /// The value of the query's first pair of that name.
    package func query(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }

    /// A head as a client would send it, for calling a handler without a socket.
    ///
    /// `Host` is added when it is missing.
    package init(
        _ method: HTTPMethod, _ target: String, headers: HTTPHeaders = [:]
    ) throws(HTTPProtocolError) {
        var fields = headers
        if fields.first("host") == nil { fields.add("Host", "localhost") }
        var text = "\(method.name) \(target) HTTP/1.1\r\n"
        for (name, value) in fields.pairs { text += "\(name): \(value)\r\n" }
        text += "\r\n"
        let bytes = Array(text.utf8)
        let parsed = bytes.withUnsafeBytes { bytes -> Result<HTTPRequestHead?, HTTPProtocolError> in
            Result { () throws(HTTPProtocolError) in
                var parser = HeadParser(limits: HTTPLimits())
                guard let length = try parser.advance(bytes), length == bytes.count else { return nil }
                return try HTTPRequestHead(parser, UnsafeRawBufferPointer(rebasing: bytes[..<length]))
            }
        }
        guard let head = try parsed.get() else { throw .malformedHeader }
        self = head
    }

    /// The head whose lines `parser` found in `bytes`, and the rules that span lines.
    init(_ parser: HeadParser, _ bytes: UnsafeRawBufferPointer) throws(HTTPProtocolError) {
        guard let line = parser.line else { throw .malformedRequestLine }
        method = HTTPMethod(String(decoding: UnsafeRawBufferPointer(rebasing: bytes[line.method]), as: UTF8.self))
        let raw = UnsafeRawBufferPointer(rebasing: bytes[line.target])
        let parts = try RequestTarget(raw, method: method)
        target = String(decoding: raw, as: UTF8.self)
        path = parts.path
        pathSegments = parts.segments
        query = parts.query
        headers = HTTPHeaders(bytes: Array(bytes), fields: parser.fields)
        version = line.version
        let framing = try MessageFraming(headers, version)
        isChunked = framing.body == .chunked
        if case .length(let length) = framing.body { contentLength = length } else { contentLength = nil }
        keepsAlive = framing.keepsAlive
        expectsContinue = framing.expectsContinue
    }
}
