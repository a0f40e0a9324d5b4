// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import HTTPServer
import Synchronization
import Testing

@Suite("Turns of a server's clients")
struct LiveFairnessTests {
    /// Notes the order of requests; one to `/gate` keeps the loop until it is opened.
    private final class Gatekeeper: HTTPHandler {
        let order = Mutex<[String]>([])
        let reached = DispatchSemaphore(value: 0)
        let opened = DispatchSemaphore(value: 0)

        func admit(_ head: HTTPRequestHead) -> HTTPAdmission { .accept(bodyLimit: 0) }

        func respond(to request: HTTPRequest, _ reply: @escaping @Sendable (HTTPResponse) -> Void) {
            if request.head.path == "/gate" {
                reached.signal()
                opened.wait()
            }
            order.withLock { $0.append(request.head.path) }
            reply(HTTPResponse(status: 200))
        }

        func refusal(_ error: HTTPProtocolError) -> HTTPResponse { HTTPResponse(status: error.status) }
    }

    @Test("Hundreds of requests sent in one go do not keep another client waiting for the last of them")
    func pipelinesTakeTurns() throws {
        let handler = Gatekeeper()
        let path = "/tmp/facet-fair-\(getpid()).sock"
        let configuration = HTTPServerConfiguration(addresses: [.unix(path: path)], loops: 1)
        let server = HTTPServer(configuration: configuration, handler: handler)
        let address = try server.start()[0]
        defer { server.stop() }
        let (greedy, modest, first) = (try TestClient(address), try TestClient(address), try TestClient(address))
        for client in [greedy, modest, first] { #expect(try client.get("/").status == 200) }
        try first.send("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n")
        handler.reached.wait()
        // Some 150 KiB, which a Unix-domain socket holds; the loop reads 64 KiB at a time.
        let padding = String(repeating: "p", count: 460)
        try greedy.send(String(repeating: "GET /greedy HTTP/1.1\r\nHost: h\r\nX: \(padding)\r\n\r\n", count: 300))
        try modest.send("GET /modest HTTP/1.1\r\nHost: h\r\n\r\n")
        handler.opened.signal()
        #expect(try modest.response().status == 200)
        for _ in 0..<300 { #expect(try greedy.response().status == 200) }
        let place = handler.order.withLock { $0.filter { $0 != "/" }.firstIndex(of: "/modest") }
        #expect(try #require(place) < 200)
    }
}
