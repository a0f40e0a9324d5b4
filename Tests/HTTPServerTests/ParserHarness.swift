// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Testing

/// What a parser made of some bytes, as text that tests can compare.
struct ParserRun {
    var events: [String] = []
    var heads: [HTTPRequestHead] = []
    var bodies: [[UInt8]] = []
    var error: HTTPProtocolError?

    /// Feeds `pieces` one after the other to one parser, keeping bodies up to `bodyLimit` bytes.
    init(_ pieces: [[UInt8]], limits: HTTPLimits = HTTPLimits(), bodyLimit: Int = 1 << 20) {
        var parser = RequestParser(limits: limits)
        for piece in pieces {
            piece.withUnsafeBytes { bytes in
                var input = InputCursor(bytes)
                while error == nil, read(&parser, &input, bodyLimit) {}
            }
        }
    }

    /// Reads one event; false when the parser needs more.
    private mutating func read(_ parser: inout RequestParser, _ input: inout InputCursor, _ bodyLimit: Int) -> Bool {
        switch parser.next(&input) {
        case .needMore:
            #expect(input.isEmpty, "a parser that needs more has used up its input")
            return false
        case .head(let head):
            heads.append(head)
            events.append("\(head.method) \(head.target) \(head.version) \(head.headers.pairs)")
            parser.collectBody(limit: bodyLimit)
        case .bodyEnd:
            bodies.append(parser.takeBody())
            events.append("body \(bodies[bodies.count - 1])")
        case .failed(let failure):
            error = failure
            events.append("failed \(failure)")
        }
        return true
    }

    /// Feeds `text` whole, byte by byte and cut in two at every index, and expects the same events every time.
    static func dripped(
        _ bytes: [UInt8], limits: HTTPLimits = HTTPLimits(), bodyLimit: Int = 1 << 20,
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> ParserRun {
        let whole = ParserRun([bytes], limits: limits, bodyLimit: bodyLimit)
        var cuts = [bytes.map { [$0] }]
        if bytes.count > 1 { cuts += (1..<bytes.count).map { [Array(bytes[..<$0]), Array(bytes[$0...])] } }
        for pieces in cuts {
            let run = ParserRun(pieces, limits: limits, bodyLimit: bodyLimit)
            #expect(run.events == whole.events, "cut after \(pieces[0].count)", sourceLocation: sourceLocation)
        }
        return whole
    }

    static func dripped(
        _ text: String, limits: HTTPLimits = HTTPLimits(), bodyLimit: Int = 1 << 20,
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> ParserRun {
        dripped(Array(text.utf8), limits: limits, bodyLimit: bodyLimit, sourceLocation: sourceLocation)
    }
}

/// Valid requests of every kind, to be fed in pieces, joined and mutated.
let validRequests: [String] = [
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\nGET /v1/models?x=1&y=a+b HTTP/1.1\r\nHost: a:8080\r\nAccept: */*\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "PUT /p%2Fq/%C3%A9 HTTP/1.1\r\nhost: [::1]:80\r\nCONTENT-LENGTH: 0\r\n\r\n",
    "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=\"y\"\r\n0123456789\r\n0\r\n\r\n",
    "POST /t HTTP/1.1\r\nHost:\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\nx\r\n000\r\nX-Sum: 1\r\nY: 2\r\n\r\n",
    "GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Blank: \t v w \t\r\n\r\n",
    "GET http://example.com:81/abs?q HTTP/1.1\r\nHost: example.com\r\n\r\n",
    "DELETE /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok",
]
