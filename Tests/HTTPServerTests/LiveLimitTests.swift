// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPServer
import Telemetry
import Testing

@Suite("A server's limits and addresses", .serialized)
struct LiveLimitTests {
    @Test("A slow head is answered with 408")
    func expiresHead() throws {
        var limits = HTTPLimits()
        limits.headTimeout = .milliseconds(50)
        try withServer(limits) { _, address, _ in
            let client = try TestClient(address)
            try client.send("GET / HT")
            #expect(try client.response().text == "request_timeout")
            #expect(try client.isAtEnd())
        }
    }

    @Test("An idle connection is closed after its time, a busy one is not")
    func expiresIdle() throws {
        var limits = HTTPLimits()
        limits.keepAliveTimeout = .milliseconds(50)
        try withServer(limits) { _, address, handler in
            let busy = try TestClient(address)
            try busy.send("GET /held HTTP/1.1\r\nHost: h\r\n\r\n")
            let held = try handler.waitForHeld(1)[0]
            let idle = try TestClient(address)
            #expect(try idle.get("/").status == 200)
            #expect(try idle.isAtEnd())
            held.reply(HTTPResponse(status: 200, text: "patient"))
            #expect(try busy.response().text == "patient")
        }
    }

    @Test("A connection over the limit is told so, and a place that becomes free is used")
    func limitsConnections() throws {
        var limits = HTTPLimits()
        limits.connections = 2
        try withServer(limits) { server, address, _ in
            var first: TestClient? = try TestClient(address)
            let second = try TestClient(address)
            #expect(try first?.get("/").status == 200)
            #expect(try second.get("/").status == 200)
            let third = try TestClient(address)
            let response = try third.response()
            #expect(response.status == 503 && response.text == "too_many_connections")
            third.finishSending()
            #expect(try third.isAtEnd())
            #expect(server.metrics.connectionsRefused.value == 1)
            first = nil
            try eventually("a free place") { server.metrics.connectionsOpen.value == 1 }
            let fourth = try TestClient(address)
            #expect(try fourth.get("/").status == 200)
            #expect(try second.get("/").status == 200)
        }
    }

    @Test("A Unix-domain socket serves, replaces a dead one and is removed in the end")
    func servesUnixSocket() throws {
        let path = "/tmp/facet-test-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
        let address = ListenAddress.unix(path: path)
        let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(dead, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        close(dead)
        try withServer(addresses: [address]) { _, bound, _ in
            #expect(bound == address)
            let client = try TestClient(bound)
            #expect(try client.get("/u").text == "/u")
            #expect(throws: HTTPServerError.addressInUse(address)) { try start(address) }
        }
        #expect(access(path, F_OK) == -1)
        close(open(path, O_CREAT | O_WRONLY, 0o600))
        #expect(throws: HTTPServerError.notASocket(path)) { try start(address) }
        #expect(unlink(path) == 0)
    }

    @Test("A server listens in several places, IPv6 among them where the machine has it")
    func servesSeveralAddresses() throws {
        let four = ListenAddress.tcp(host: "127.0.0.1", port: 0)
        try withServer(addresses: [four, four]) { _, _, _ in }
        let six = try ListenAddress(parsing: "[::1]:0")
        do {
            try withServer(addresses: [six]) { _, bound, _ in
                #expect(bound.description.hasPrefix("[::1]:"))
                let client = try TestClient(bound)
                #expect(try client.get("/six").text == "/six")
            }
        } catch HTTPServerError.addressNotAvailable, HTTPServerError.systemCall {
            // A machine without IPv6: the error above is all there is to see.
        }
        try withServer(addresses: [.tcp(host: "localhost", port: 0)]) { _, bound, _ in
            let client = try TestClient(bound)
            #expect(try client.get("/name").text == "/name")
        }
    }

    @Test("What cannot be listened on says what to do")
    func namesErrors() throws {
        try withServer { server, address, _ in
            #expect(throws: HTTPServerError.alreadyStarted) { try server.start() }
            #expect(throws: HTTPServerError.addressInUse(address)) { try start(address) }
        }
        let busy = HTTPServerError.addressInUse(.tcp(host: "127.0.0.1", port: 8080))
        #expect(busy.description == "port 8080 is in use; choose another with --listen")
        let long = String(repeating: "p", count: 108)
        #expect(throws: HTTPServerError.pathTooLong(long, limit: 107)) { try start(.unix(path: long)) }
        let foreign = ListenAddress.tcp(host: "192.0.2.1", port: 0)
        #expect(throws: HTTPServerError.addressNotAvailable(foreign)) { try start(foreign) }
    }

    private func start(_ address: ListenAddress) throws(HTTPServerError) {
        let server = HTTPServer(configuration: .init(addresses: [address]), handler: LiveHandler())
        _ = try server.start()
        server.stop()
    }
}
