// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Testing

@Suite("Admission before the body")
struct ConnectionAdmissionTests {
    private func post(_ length: Int, _ extra: String = "") -> String {
        "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\(extra)\r\n"
    }

    @Test("100 is sent only after the handler has admitted the head")
    func sendsContinue() {
        var harness = ConnectionHarness()
        harness.receive(post(3, "Expect: 100-continue\r\n"))
        #expect(harness.output == "HTTP/1.1 100 Continue\r\n\r\n")
        harness.receive("abc")
        #expect(harness.output.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))
        #expect(harness.output.hasSuffix("POST /p 3"))
    }

    @Test("A refused expectation gets the final status at once and the body is never asked for")
    func refusesExpectation() {
        var harness = ConnectionHarness()
        harness.admission = { _ in .refuse(HTTPResponse(status: 401)) }
        harness.receive(post(3, "Expect: 100-continue\r\n"))
        #expect(
            harness.output == "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        #expect(harness.finishedWriting && harness.requests.isEmpty)
    }

    @Test("A length at the body limit is read and one byte more is 413 before the body")
    func limitsLength() {
        var harness = ConnectionHarness()
        harness.admission = { _ in .accept(bodyLimit: 3) }
        harness.receive(post(3) + "abc")
        #expect(harness.requests.count == 1)
        harness.receive(post(4))
        #expect(harness.log.suffix(2) == ["refuse payloadTooLarge", "finish writing"])
    }

    @Test("A chunked body over the limit is 413 when it goes over")
    func limitsChunks() {
        var harness = ConnectionHarness()
        harness.admission = { _ in .accept(bodyLimit: 3) }
        harness.receive("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        #expect(harness.output.isEmpty)
        harness.receive("1\r\n")
        #expect(harness.log.suffix(2) == ["refuse payloadTooLarge", "finish writing"])
    }

    @Test("The short body of a refused request is skipped and the connection kept")
    func skipsShortBody() {
        var limits = HTTPLimits()
        limits.discardBytes = 5
        var harness = ConnectionHarness(limits)
        harness.admission = { $0.method == .post ? .refuse(HTTPResponse(status: 429)) : .accept(bodyLimit: 0) }
        harness.receive(post(5))
        #expect(harness.output == "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n")
        harness.receive("ab")
        harness.receive("cdeGET /next HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(harness.log == ["admit /p", "admit /next", "respond /next 0"])
    }

    @Test("The long or endless body of a refused request closes the connection")
    func closesOnLongBody() {
        var limits = HTTPLimits()
        limits.discardBytes = 5
        for text in [post(6), "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"] {
            var harness = ConnectionHarness(limits)
            harness.admission = { _ in .refuse(HTTPResponse(status: 429)) }
            harness.receive(text)
            #expect(harness.output.contains("Connection: close") && harness.finishedWriting)
        }
    }

    @Test("A refused request without a body keeps the connection")
    func keepsWithoutBody() {
        var harness = ConnectionHarness()
        harness.admission = { $0.path == "/no" ? .refuse(HTTPResponse(status: 404)) : .accept(bodyLimit: 0) }
        harness.receive("GET /no HTTP/1.1\r\nHost: h\r\n\r\nGET /yes HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(harness.log == ["admit /no", "admit /yes", "respond /yes 0"])
    }

    @Test("A body on GET is read and passed on")
    func readsBodyOfGet() {
        var harness = ConnectionHarness()
        harness.receive("GET /g HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi")
        #expect(harness.requests.first?.body == Array("hi".utf8))
    }
}

@Suite("A connection's deadlines")
struct ConnectionTimingTests {
    private let post = "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n"

    @Test("An idle connection is closed without a word after the keep-alive time")
    func expiresIdle() {
        var harness = ConnectionHarness()
        harness.receive(ConnectionTests.get)
        let written = harness.written.count
        harness.wait(.seconds(74))
        #expect(!harness.isClosed)
        harness.wait(.seconds(1))
        #expect(harness.isClosed && harness.written.count == written)
    }

    @Test("A head must be complete 10 s after its first byte, however it trickles")
    func expiresHead() {
        var harness = ConnectionHarness()
        harness.wait(.seconds(60))
        harness.receive("G")
        for byte in ["E", "T", " ", "/", "a", " ", "H", "T", "T"] {
            harness.wait(.seconds(1))
            harness.receive(byte)
        }
        #expect(harness.output.isEmpty)
        harness.wait(.seconds(1))
        #expect(harness.output.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        #expect(harness.log == ["refuse requestTimeout", "finish writing"])
    }

    @Test("The empty line that old clients send after a body starts no head")
    func toleratesTrailingLine() {
        var harness = ConnectionHarness()
        harness.receive(ConnectionTests.get + "\r\n")
        harness.wait(.seconds(11))
        #expect(!harness.isClosed && harness.connection.isIdle)
    }

    @Test("A silent body is refused after 30 s")
    func expiresSilentBody() {
        var harness = ConnectionHarness()
        harness.receive(post)
        harness.wait(.seconds(29))
        harness.receive("x")
        #expect(harness.output.isEmpty)
        harness.wait(.seconds(30))
        #expect(harness.output.hasPrefix("HTTP/1.1 408 "))
    }

    @Test("A body that trickles below the least rate is refused though it is never silent")
    func expiresSlowBody() {
        var slow = ConnectionHarness()
        slow.receive(post)
        for _ in 0..<6 {
            slow.wait(.seconds(5))
            slow.receive("xxxxx")
        }
        #expect(slow.output.hasPrefix("HTTP/1.1 408 "))
        var steady = ConnectionHarness()
        steady.receive(post)
        for _ in 0..<18 {
            steady.wait(.seconds(5))
            steady.receive(String(repeating: "x", count: 5200))
        }
        #expect(steady.output.isEmpty && !steady.isClosed)
    }

    @Test("A request that is being handled has no deadline")
    func handlesWithoutDeadline() {
        var harness = ConnectionHarness()
        harness.handler = { _, _ in nil }
        harness.receive(ConnectionTests.get)
        #expect(harness.connection.deadline == .max)
    }

    @Test("A client that reads nothing of its response is closed after 30 s")
    func expiresWriting() {
        var harness = ConnectionHarness()
        harness.socketRoom = 10
        harness.receive(ConnectionTests.get)
        harness.wait(.seconds(29))
        harness.takeMore(10)
        harness.wait(.seconds(29))
        #expect(!harness.isClosed)
        harness.wait(.seconds(1))
        #expect(harness.isClosed && harness.written.count == 20)
    }

    @Test(
        "A client that reads nothing is closed after 30 s, however much waits for it", arguments: [1, 20_000, 100_000])
    func expiresWritingMuch(bytes: Int) {
        var harness = ConnectionHarness()
        harness.handler = { _, _ in HTTPResponse(status: 200, text: String(repeating: "x", count: bytes)) }
        harness.socketRoom = 10
        harness.receive(String(repeating: ConnectionTests.get, count: 5))
        harness.wait(.seconds(29))
        #expect(!harness.isClosed)
        harness.wait(.seconds(1))
        #expect(harness.isClosed && harness.written.count == 10)
    }

    @Test("Lingering ends after 5 s, and after 1 s while draining")
    func expiresLingering() {
        for (drains, seconds) in [(false, 5), (true, 1)] {
            var harness = ConnectionHarness()
            harness.receive("BAD\r\n")
            if drains { harness.drain() }
            harness.wait(.milliseconds(seconds * 1000 - 1))
            #expect(!harness.isClosed)
            harness.wait(.milliseconds(1))
            #expect(harness.isClosed)
        }
    }

    @Test("Draining closes an idle connection at once and lets a request finish with Connection: close")
    func drains() {
        var idle = ConnectionHarness()
        idle.receive(ConnectionTests.get)
        idle.drain()
        #expect(idle.isClosed)
        var busy = ConnectionHarness()
        busy.handler = { _, _ in nil }
        busy.receive(ConnectionTests.get)
        busy.drain()
        busy.answer(HTTPResponse(status: 200))
        #expect(busy.output.contains("Connection: close") && busy.finishedWriting)
        var reading = ConnectionHarness()
        reading.receive("GET / HTTP/1.1\r\n")
        reading.drain()
        reading.receive("Host: h\r\n\r\n")
        #expect(reading.output.contains("200 OK") && reading.output.contains("Connection: close"))
    }
}
