// SPDX-License-Identifier: Apache-2.0

/// Responses on their way out: heads and short bodies in one buffer, one long body behind it where it lies.
///
/// Both leave in one system call. While a long body waits nothing may be queued behind it.
struct ResponseBuffer {
    /// Bodies up to this many bytes are copied behind their head, so that pipelined responses share a call.
    private static let copyLimit = 4096
    /// An empty buffer larger than this is given back.
    private static let keptCapacity = 16 * 1024

    private var bytes: [UInt8] = []
    private var tail: [UInt8] = []
    private var sent = 0

    /// What a request says about the shape of its response.
    struct Shape {
        let isHead: Bool
        let version: HTTPVersion
        let closes: Bool
    }

    /// Bytes not sent yet.
    var count: Int { bytes.count + tail.count - sent }
    var isEmpty: Bool { count == 0 }
    /// Whether what waits should be written before more is queued.
    var isFull: Bool { !tail.isEmpty || bytes.count >= 32 * 1024 }

    /// Queues the interim response that asks for the body (RFC 9110 section 15.2.1).
    mutating func queueContinue() {
        bytes.append("HTTP/1.1 100 Continue\r\n\r\n")
    }

    /// Queues a final response (RFC 9112 section 4).
    mutating func queue(_ response: consuming HTTPResponse, _ shape: Shape, _ date: HTTPDate) {
        precondition(tail.isEmpty, "\(tail.count) bytes of a body wait to be sent")
        queueHead(response, shape, date)
        if !response.hasContent || shape.isHead { return }
        if response.body.count <= Self.copyLimit {
            bytes.append(contentsOf: response.body)
        } else {
            tail = response.body
        }
    }

    private mutating func queueHead(_ response: borrowing HTTPResponse, _ shape: Shape, _ date: HTTPDate) {
        bytes.append("HTTP/1.1 ")
        bytes.append(decimal: response.status)
        bytes.append(" ")
        bytes.append(HTTPStatus.reason(response.status))
        bytes.append("\r\nServer: facet\r\n")
        bytes.append(contentsOf: date.line)
        let keepsLength = shape.isHead && response.body.isEmpty && response.headers.first("content-length") != nil
        bytes.append(response.headers, keepingLength: keepsLength)
        if response.hasContent, !keepsLength {
            bytes.append("Content-Length: ")
            bytes.append(decimal: response.body.count)
            bytes.append("\r\n")
        }
        if shape.closes {
            bytes.append("Connection: close\r\n")
        } else if shape.version == .http10 {
            bytes.append("Connection: keep-alive\r\n")
        }
        bytes.append("\r\n")
    }

    /// Calls `body` with the two parts not sent yet; the second may be empty.
    func withPending<Result>(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { first in
            tail.withUnsafeBytes { second in
                let firstSent = min(sent, first.count)
                return body(
                    UnsafeRawBufferPointer(rebasing: first[firstSent...]),
                    UnsafeRawBufferPointer(rebasing: second[(sent - firstSent)...]))
            }
        }
    }

    /// Notes that `amount` bytes have gone.
    mutating func markSent(_ amount: Int) {
        precondition(amount <= count, "sent \(amount) of \(count) bytes")
        sent += amount
        guard isEmpty else { return }
        tail = []
        sent = 0
        if bytes.capacity > Self.keptCapacity { bytes = [] } else { bytes.removeAll(keepingCapacity: true) }
    }
}

extension HTTPResponse {
    /// Whether the status allows content (RFC 9110 sections 15.3.5 and 15.4.5).
    fileprivate var hasContent: Bool { status != 204 && status != 304 }
}

extension [UInt8] {
    fileprivate mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    fileprivate mutating func append(decimal value: Int) {
        if value >= 10 { append(decimal: value / 10) }
        append(ASCII.zero + UInt8(value % 10))
    }

    /// Appends the field lines the server does not write itself.
    fileprivate mutating func append(_ headers: HTTPHeaders, keepingLength: Bool) {
        for field in headers.fields where !headers.isServers(field, keepingLength: keepingLength) {
            append(contentsOf: headers.bytes[field.name])
            append(": ")
            append(contentsOf: headers.bytes[field.value])
            append("\r\n")
        }
    }
}

extension HTTPHeaders {
    /// Whether the server alone writes fields of this name.
    fileprivate func isServers(_ field: Field, keepingLength: Bool) -> Bool {
        switch field.name.count {
        case 4: matches(field, "date".utf8)
        case 6: matches(field, "server".utf8)
        case 10: matches(field, "connection".utf8) || matches(field, "keep-alive".utf8)
        case 14: !keepingLength && matches(field, "content-length".utf8)
        case 17: matches(field, "transfer-encoding".utf8)
        default: false
        }
    }
}
