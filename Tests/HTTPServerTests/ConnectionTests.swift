// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Testing

@Suite("A connection's conversation")
struct ConnectionTests {
    static let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"

    private func ok(_ body: String, _ extra: String = "") -> String {
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: \(body.utf8.count)\r\n\(extra)\r\n"
            + body
    }

    @Test("A request is answered and the connection kept")
    func answers() {
        var harness = ConnectionHarness()
        harness.receive(Self.get)
        #expect(harness.output == ok("GET /a 0"))
        #expect(harness.connection.isIdle && harness.connection.wantsRead && !harness.isClosed)
    }

    @Test("Requests in a row are answered in order however they are cut")
    func answersPipeline() {
        let input = Array(validRequests.joined().utf8)
        var whole = ConnectionHarness()
        whole.receive(input)
        #expect(whole.requests.count == validRequests.count)
        for cut in 1..<input.count {
            var harness = ConnectionHarness()
            harness.receive(Array(input[..<cut]))
            harness.receive(Array(input[cut...]))
            #expect(harness.output == whole.output, "cut at \(cut)")
        }
        var drip = ConnectionHarness()
        for byte in input { drip.receive([byte]) }
        #expect(drip.output == whole.output)
    }

    @Test("A second request waits unread until the first is answered")
    func waitsItsTurn() {
        var harness = ConnectionHarness()
        harness.handler = { _, _ in nil }
        harness.receive(Self.get + "GET /b HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(harness.log == ["admit /a", "respond /a 0"])
        #expect(!harness.connection.wantsRead)
        harness.answer(HTTPResponse(status: 200, text: "one"))
        #expect(harness.output == ok("one"))
        harness.answer(HTTPResponse(status: 200, text: "two"))
        #expect(harness.output == ok("one") + ok("two"))
        #expect(harness.log == ["admit /a", "respond /a 0", "admit /b", "respond /b 0"])
    }

    @Test("A response nobody asked for is ignored")
    func ignoresStrayAnswers() {
        var harness = ConnectionHarness()
        harness.answer(HTTPResponse(status: 200))
        harness.receive(Self.get)
        harness.answer(HTTPResponse(status: 200))
        #expect(harness.output == ok("GET /a 0"))
    }

    @Test("HEAD gets the same head without the body")
    func answersHead() {
        var harness = ConnectionHarness()
        harness.handler = { _, _ in HTTPResponse(status: 200, text: "12345") }
        harness.receive("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + Self.get)
        #expect(harness.output == String(ok("12345").dropLast(5)) + ok("12345"))
    }

    @Test("HTTP/1.0 is kept only when it asks")
    func answersOldVersion() {
        var harness = ConnectionHarness()
        harness.receive("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(harness.output == ok("GET /a 0", "Connection: keep-alive\r\n"))
        #expect(!harness.finishedWriting)
        harness = ConnectionHarness()
        harness.receive("GET /a HTTP/1.0\r\n\r\n")
        #expect(harness.output == ok("GET /a 0", "Connection: close\r\n"))
        #expect(harness.finishedWriting)
    }

    @Test("After Connection: close the rest is thrown away until the client closes")
    func lingersAfterClose() {
        var harness = ConnectionHarness()
        harness.receive("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + Self.get)
        #expect(harness.output == ok("GET /a 0", "Connection: close\r\n"))
        #expect(harness.finishedWriting && !harness.isClosed && harness.connection.wantsRead)
        harness.receive(Self.get)
        #expect(harness.log == ["admit /a", "respond /a 0", "finish writing"])
        harness.peerFinishes()
        #expect(harness.isClosed)
    }

    @Test("A handler's Connection: close is honoured")
    func closesForHandler() {
        var harness = ConnectionHarness()
        harness.handler = { _, _ in HTTPResponse(status: 204, headers: ["Connection": "close"]) }
        harness.receive(Self.get)
        #expect(harness.output == "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        #expect(harness.finishedWriting)
    }

    @Test("A protocol error is answered once, and the connection closed")
    func refusesErrors() {
        var harness = ConnectionHarness()
        harness.receive(Self.get + "BAD\r\n\r\n" + Self.get)
        #expect(harness.log == ["admit /a", "respond /a 0", "refuse malformedRequestLine", "finish writing"])
        #expect(harness.output.hasSuffix("Content-Length: 22\r\nConnection: close\r\n\r\nmalformed_request_line"))
    }

    @Test("Lingering ends after a bounded number of bytes")
    func boundsLingering() {
        var limits = HTTPLimits()
        limits.lingerBytes = 10
        var harness = ConnectionHarness(limits)
        harness.receive("BAD\r\n")
        harness.receive("01234")
        #expect(!harness.isClosed)
        harness.receive("x")
        #expect(harness.isClosed)
    }

    @Test("A client that closes within a request gets nothing and is closed")
    func closesOnTruncation() {
        for text in ["", "GET /", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"] {
            var harness = ConnectionHarness()
            harness.receive(text)
            harness.peerFinishes()
            #expect(harness.isClosed && harness.output.isEmpty)
        }
    }

    @Test("A client that closes its end after a request still gets the response, then the socket closes")
    func answersHalfClosed() {
        var harness = ConnectionHarness()
        harness.handler = { _, _ in nil }
        harness.receive(Self.get)
        harness.peerFinishes()
        #expect(!harness.isClosed)
        harness.answer(HTTPResponse(status: 200, text: "late"))
        #expect(harness.output == ok("late", "Connection: close\r\n"))
        #expect(harness.isClosed && !harness.finishedWriting)
    }

    @Test("A socket that takes little is written as it takes, and nothing is read meanwhile")
    func writesPiecewise() {
        var harness = ConnectionHarness()
        let body = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        harness.handler = { _, _ in HTTPResponse(status: 200, body: body) }
        harness.socketRoom = 50
        harness.receive(Self.get + Self.get)
        #expect(harness.requests.count == 1 && harness.connection.isBlocked && !harness.connection.wantsRead)
        while harness.requests.count < 2 || !harness.connection.isIdle { harness.takeMore(9_999) }
        let halves = harness.written.count / 2
        #expect(harness.written[..<halves] == harness.written[halves...])
        #expect(Array(harness.written[halves...].suffix(body.count)) == body)
    }

    @Test("A flood of pipelined requests is handled only as fast as its responses leave")
    func boundsFlood() {
        var harness = ConnectionHarness()
        harness.socketRoom = 0
        harness.receive(String(repeating: Self.get, count: 5000))
        #expect(harness.requests.count < 400)
        harness.takeMore(.max)
        #expect(harness.requests.count == 5000)
    }
}
