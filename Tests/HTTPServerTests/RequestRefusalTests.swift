// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Testing

/// Bytes and the error they must give.
struct Refused: Sendable, CustomTestStringConvertible {
    let text: String
    let error: HTTPProtocolError

    init(_ text: String, _ error: HTTPProtocolError) {
        self.text = text
        self.error = error
    }

    var testDescription: String { "\(text.debugDescription) -> \(error)" }
}

@Suite("Requests that break the rules")
struct RequestRefusalTests {
    static let lines: [Refused] = [
        Refused("GET /\r\n\r\n", .malformedRequestLine),
        Refused("GET  / HTTP/1.1\r\n\r\n", .malformedRequestLine),
        Refused("GET /  HTTP/1.1\r\n\r\n", .malformedRequestLine),
        Refused("GET / HTTP/1.1 \r\n\r\n", .malformedRequestLine),
        Refused(" GET / HTTP/1.1\r\n\r\n", .malformedRequestLine),
        Refused("G(T / HTTP/1.1\r\n\r\n", .malformedRequestLine),
        Refused("GET\t/ HTTP/1.1\r\n\r\n", .malformedRequestLine),
        Refused("GET / http/1.1\r\n\r\n", .malformedRequestLine),
        Refused("GET / HTTP/1.10\r\n\r\n", .malformedRequestLine),
        Refused("GET / HTTP/11\r\n\r\n", .malformedRequestLine),
        Refused("GET / HTTP/1.1\n\r\n", .malformedRequestLine),
        Refused("GET / HTTP/1.1\rX\r\n\r\n", .malformedRequestLine),
        Refused("\r\n\r\nGET / HTTP/1.1\r\n\r\n", .malformedRequestLine),
        Refused("\nGET / HTTP/1.1\r\n\r\n", .malformedRequestLine),
        Refused("\u{16}\u{3}\u{1}\u{2}", .malformedRequestLine),
        Refused(String(repeating: "A", count: 33) + " / HTTP/1.1\r\n\r\n", .malformedRequestLine),
        Refused("GET /a\u{0} HTTP/1.1\r\n\r\n", .malformedTarget),
        Refused("GET /\u{e9} HTTP/1.1\r\n\r\n", .malformedTarget),
        Refused("GET /a#b HTTP/1.1\r\n\r\n", .malformedTarget),
        Refused("GET / HTTP/2.0\r\n\r\n", .unsupportedVersion),
        Refused("GET / HTTP/0.9\r\n\r\n", .unsupportedVersion),
        Refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .unsupportedVersion),
    ]

    static let targets: [Refused] =
        withTarget(
            .malformedTarget,
            "x", "*", "/%", "/%4", "/%zz", "/%00", "/%ff", "/a%c3/%a9", "/?a=%g0", "/?%ff", "ftp://h/",
            "http:///x", "http://u@h/", "http://h:x/")

    static let headers: [Refused] =
        withHeader(
            .malformedHeader,
            " X: 1", "X : 1", ": 1", "X", "X: 1\r\n folded", "X: 1\r\n\tfolded", "X: a\rb", "X: a\u{0}b",
            "X: a\nY: b", "X: a\n", "X\u{e9}: a", "X: \u{7f}", "X[]: a")
        + withHeader(
            .invalidHost,
            "Host: h", "host: other")
        + withHeader(
            .invalidContentLength,
            "Content-Length: +5", "Content-Length: -5", "Content-Length: 5 5", "Content-Length: 5,5",
            "Content-Length: 0x5", "Content-Length:", "Content-Length: 5\r\nContent-Length: 5",
            "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 9223372036854775808",
            "Content-Length: 99999999999999999999999999")
        + withHeader(
            .ambiguousLength,
            "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5")
        + withHeader(
            .unsupportedTransferCoding,
            "Transfer-Encoding: gzip", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity",
            "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked;q=1")
        + withHeader(
            .invalidTransferEncoding,
            "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding:")
        + withHeader(
            .expectationFailed,
            "Expect: 200-ok", "Expect: 100-continue, x")

    static let heads: [Refused] = [
        Refused("GET / HTTP/1.1\r\n\r\n", .invalidHost),
        Refused("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .invalidHost),
        Refused("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .invalidHost),
        Refused("GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", .invalidHost),
        Refused("GET / HTTP/1.1\r\nHost: h:8x\r\n\r\n", .invalidHost),
        Refused("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", .invalidHost),
        Refused("GET / HTTP/1.1\r\nHost: []\r\n\r\n", .invalidHost),
        Refused("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", .invalidHost),
        Refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .invalidTransferEncoding),
        Refused("CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", .unsupportedMethod),
    ]

    private static func withTarget(_ error: HTTPProtocolError, _ targets: String...) -> [Refused] {
        targets.map { Refused("GET \($0) HTTP/1.1\r\nHost: h\r\n\r\n", error) }
    }

    private static func withHeader(_ error: HTTPProtocolError, _ lines: String...) -> [Refused] {
        lines.map { Refused("POST / HTTP/1.1\r\nHost: h\r\n\($0)\r\n\r\n", error) }
    }

    @Test("A bad head is refused with the same error however it is cut", arguments: lines + targets + headers + heads)
    func refuses(_ sample: Refused) {
        let run = ParserRun.dripped(sample.text)
        #expect(run.error == sample.error)
        #expect(run.heads.isEmpty)
    }

    @Test("Nothing is read after an error")
    func staysFailed() {
        let run = ParserRun.dripped("BAD\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(run.events == ["failed malformedRequestLine"])
    }

    @Test("Each error has a status and a code word of its own")
    func describesErrors() {
        let errors = HTTPProtocolError.allCases
        #expect(Set(errors.map(\.code)).count == errors.count)
        #expect(Set(errors.map(\.status)) == [400, 408, 413, 414, 417, 431, 500, 501, 503, 505])
        #expect(errors.allSatisfy { $0.message.hasSuffix(".") })
    }
}

@Suite("Limits of a request head")
struct HeadLimitTests {
    private func head(target: Int = 1, fields: Int = 0, padding: Int = 0) -> String {
        let lines = (0..<fields).map { "X-\($0): v\r\n" }.joined()
        let pad = padding > 0 ? "P: " + String(repeating: "p", count: padding) + "\r\n" : ""
        return "GET /" + String(repeating: "t", count: target - 1) + " HTTP/1.1\r\nHost: h\r\n\(lines)\(pad)\r\n"
    }

    @Test("A target at its limit is read and one byte more is 414")
    func limitsTarget() {
        var limits = HTTPLimits()
        limits.targetBytes = 40
        #expect(ParserRun.dripped(head(target: 40), limits: limits).error == nil)
        #expect(ParserRun.dripped(head(target: 41), limits: limits).error == .targetTooLong)
        #expect(ParserRun.dripped(head(target: 400), limits: limits).error == .targetTooLong)
        let endless = "GET /" + String(repeating: "t", count: 400)
        #expect(ParserRun.dripped(endless, limits: limits).error == .targetTooLong)
    }

    @Test("A field count at its limit is read and one more is 431")
    func limitsFields() {
        var limits = HTTPLimits()
        limits.fieldCount = 5
        #expect(ParserRun.dripped(head(fields: 4), limits: limits).error == nil)
        #expect(ParserRun.dripped(head(fields: 5), limits: limits).error == .headTooLarge)
    }

    @Test("A head at its byte limit is read and one byte more is 431")
    func limitsBytes() {
        var limits = HTTPLimits()
        limits.headBytes = head(padding: 100).utf8.count
        #expect(ParserRun.dripped(head(padding: 100), limits: limits).error == nil)
        #expect(ParserRun.dripped(head(padding: 101), limits: limits).error == .headTooLarge)
        #expect(ParserRun.dripped(head(padding: 400), limits: limits).error == .headTooLarge)
    }
}
