// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import HTTPServer
import Synchronization
import Telemetry
import Testing

@Suite("A server on sockets", .serialized)
struct LiveServerTests {
    @Test("One connection serves request after request, answered at once or later")
    func keepsAlive() throws {
        try withServer { server, address, _ in
            let client = try TestClient(address)
            for index in 0..<50 {
                #expect(try client.get("/now?\(index)").text == "/now?\(index)")
                #expect(try client.get("/later?\(index)").text == "/later?\(index)")
            }
            #expect(try client.get("/twice").status == 200)
            #expect(try client.get("/after").text == "/after")
            #expect(server.metrics.requests.value == 102)
            #expect(server.metrics.connectionsAccepted.value == 1 && server.metrics.connectionsOpen.value == 1)
        }
    }

    @Test("A hundred pipelined requests are answered in order", arguments: ["/now", "/later"])
    func pipelines(_ path: String) throws {
        try withServer { _, address, _ in
            let client = try TestClient(address)
            try client.send((0..<100).map { "GET \(path)?\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined())
            for index in 0..<100 { #expect(try client.response().text == "\(path)?\(index)") }
        }
    }

    @Test("Bodies of every size come back unchanged, also in chunks")
    func echoesBodies() throws {
        try withServer { _, address, _ in
            let client = try TestClient(address)
            for size in [1, 4096, 4097, 65_536, 300_000, 5_000_000] {
                let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
                let response = try client.post("/echo", body)
                #expect(response.status == 200 && response.body == body, "\(size) bytes")
            }
            try client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            try client.send("6;x=y\r\n world\r\n0\r\nT: v\r\n\r\n")
            #expect(try client.response().text == "hello world")
        }
    }

    @Test("A client that expects 100 gets it before its body is read, or the refusal instead")
    func continues() throws {
        try withServer { _, address, _ in
            let client = try TestClient(address)
            let fields = "HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
            try client.send("POST /e \(fields)")
            #expect(try client.response().head == "HTTP/1.1 100 Continue\r\n\r\n")
            try client.send("ok")
            #expect(try client.response().text == "ok")
            try client.send("POST /refused \(fields)")
            #expect(try client.response().status == 429)
            #expect(try client.isAtEnd())
        }
    }

    @Test("HEAD gets the length and no body")
    func answersHead() throws {
        try withServer { _, address, _ in
            let client = try TestClient(address)
            try client.send("HEAD /abc HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try client.response(toHead: true).head.contains("Content-Length: 4\r\n"))
            #expect(try client.get("/next").text == "/next")
        }
    }

    @Test("A protocol error is answered and counted, and can be read though more was sent")
    func answersErrors() throws {
        try withServer { server, address, _ in
            let client = try TestClient(address)
            try client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\n")
            try client.send([UInt8](repeating: 0, count: 200_000))
            let response = try client.response()
            #expect(response.status == 413 && response.text == "payload_too_large")
            #expect(response.head.contains("Connection: close"))
            #expect(try client.isAtEnd())
            #expect(server.metrics.protocolErrors[.payloadTooLarge]?.value == 1)
        }
    }

    @Test("A request its handler forgets is answered with 500")
    func answersForgotten() throws {
        try withServer { server, address, _ in
            let client = try TestClient(address)
            #expect(try client.get("/forgotten").text == "handler_failed")
            #expect(try client.get("/next").status == 200)
            #expect(server.metrics.protocolErrors[.handlerFailed]?.value == 1)
        }
    }

    @Test("A client that goes away cancels its request")
    func cancels() throws {
        try withServer { server, address, handler in
            var client: TestClient? = try TestClient(address)
            try client?.send("GET /held HTTP/1.1\r\nHost: h\r\n\r\n")
            let held = try handler.waitForHeld(1)[0]
            #expect(!held.request.cancellation.isCancelled)
            client = nil
            try eventually("cancellation") { held.request.cancellation.isCancelled }
            held.reply(HTTPResponse(status: 200))
            try eventually("closing") { server.metrics.connectionsOpen.value == 0 }
            #expect(server.metrics.requestsAbandoned.value == 1)
        }
    }

    @Test("A client that only closes its sending side still gets the response")
    func answersHalfClosed() throws {
        try withServer { _, address, handler in
            let client = try TestClient(address)
            try client.send("GET /held HTTP/1.1\r\nHost: h\r\n\r\n")
            let held = try handler.waitForHeld(1)[0]
            client.finishSending()
            try eventually("cancellation") { held.request.cancellation.isCancelled }
            held.reply(HTTPResponse(status: 200, text: "late"))
            #expect(try client.response().text == "late")
            #expect(try client.isAtEnd())
        }
    }

    @Test("Sixty-four clients with two hundred requests each all get their own answers")
    func servesMany() throws {
        try withServer { server, address, _ in
            let failures = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 64) { worker in
                do {
                    let client = try TestClient(address)
                    for index in 0..<200 {
                        let path = index % 4 == 0 ? "/later" : "/now"
                        let wanted = Array("\(worker) \(index)".utf8)
                        let response = try client.post(path, wanted)
                        if response.body != wanted { failures.withLock { $0.append("\(worker) \(index)") } }
                    }
                } catch {
                    failures.withLock { $0.append("\(worker): \(error)") }
                }
            }
            #expect(failures.withLock { $0 } == [])
            #expect(server.metrics.requests.value == 64 * 200)
        }
    }
}
