// SPDX-License-Identifier: Apache-2.0

/// Why the server itself, rather than the handler, refused a request.
///
/// Each case has a status, a stable code word for programs and a message for people. None of them carries anything
/// the client sent. After every one of them the connection is closed.
package enum HTTPProtocolError: String, Error, Sendable, Hashable, CaseIterable {
    case malformedRequestLine = "malformed_request_line"
    case malformedTarget = "malformed_target"
    case malformedHeader = "malformed_header"
    case invalidHost = "invalid_host"
    case invalidContentLength = "invalid_content_length"
    case invalidTransferEncoding = "invalid_transfer_encoding"
    case ambiguousLength = "ambiguous_length"
    case malformedChunk = "malformed_chunk"
    case requestTimeout = "request_timeout"
    case payloadTooLarge = "payload_too_large"
    case targetTooLong = "target_too_long"
    case expectationFailed = "expectation_failed"
    case headTooLarge = "head_too_large"
    case handlerFailed = "handler_failed"
    case unsupportedMethod = "unsupported_method"
    case unsupportedTransferCoding = "unsupported_transfer_coding"
    case tooManyConnections = "too_many_connections"
    case unsupportedVersion = "unsupported_version"

    /// The word that stays the same from release to release.
    package var code: String { rawValue }

    /// The status to answer with.
    package var status: Int {
        switch self {
        case .malformedRequestLine, .malformedTarget, .malformedHeader, .invalidHost, .invalidContentLength,
            .invalidTransferEncoding, .ambiguousLength, .malformedChunk:
            400
        case .requestTimeout: 408
        case .payloadTooLarge: 413
        case .targetTooLong: 414
        case .expectationFailed: 417
        case .headTooLarge: 431
        case .handlerFailed: 500
        case .unsupportedMethod, .unsupportedTransferCoding: 501
        case .tooManyConnections: 503
        case .unsupportedVersion: 505
        }
    }

    /// One English sentence saying what was wrong and, where it helps, what to do.
    package var message: String {
        switch self {
        case .malformedRequestLine: "The request line is not a method, a target and a version between single spaces."
        case .malformedTarget: "The request target is not a valid URI path and query in UTF-8."
        case .malformedHeader: "A header line is malformed."
        case .invalidHost: "The request needs exactly one valid Host header."
        case .invalidContentLength: "Content-Length must be one decimal number."
        case .invalidTransferEncoding: "Transfer-Encoding must be chunked, once, and in HTTP/1.1."
        case .ambiguousLength: "Content-Length and Transfer-Encoding exclude each other."
        case .malformedChunk: "The chunked body is malformed."
        case .requestTimeout: "The request arrived too slowly."
        case .payloadTooLarge: "The body is larger than this resource accepts."
        case .targetTooLong: "The request target is too long."
        case .expectationFailed: "The only expectation this server meets is 100-continue."
        case .headTooLarge: "The header fields are too many or too long."
        case .handlerFailed: "The server failed to produce a response."
        case .unsupportedMethod: "This server does not tunnel connections."
        case .unsupportedTransferCoding: "The only transfer coding this server reads is chunked."
        case .tooManyConnections: "The server has as many connections as it takes; try again shortly."
        case .unsupportedVersion: "This server speaks HTTP/1.1 and HTTP/1.0."
        }
    }
}
