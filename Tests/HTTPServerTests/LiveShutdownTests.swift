// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import HTTPServer
import Synchronization
import Telemetry
import Testing

@Suite("A server's end", .serialized)
struct LiveShutdownTests {
    @Test("Draining answers what is in flight, closes what is idle and accepts no more")
    func drains() throws {
        try withServer { server, address, handler in
            let busy = try TestClient(address)
            try busy.send("GET /held HTTP/1.1\r\nHost: h\r\n\r\n")
            let held = try handler.waitForHeld(1)[0]
            let idle = try TestClient(address)
            #expect(try idle.get("/").status == 200)
            let outcome = Mutex<Int?>(nil)
            let done = DispatchSemaphore(value: 0)
            server.drain(deadline: .seconds(30)) { forced in
                outcome.withLock { $0 = forced }
                done.signal()
            }
            #expect(try idle.isAtEnd())
            #expect(Self.isRefusedSoon(address))
            #expect(outcome.withLock { $0 } == nil)
            held.reply(HTTPResponse(status: 200, text: "last"))
            let response = try busy.response()
            #expect(response.text == "last" && response.head.contains("Connection: close\r\n"))
            busy.finishSending()
            done.wait()
            #expect(outcome.withLock { $0 } == 0)
            #expect(server.metrics.connectionsOpen.value == 0)
        }
    }

    /// Whether connections are refused within five seconds; another test's server may have been given the port meanwhile.
    private static func isRefusedSoon(_ address: ListenAddress) -> Bool {
        (0..<500).contains { _ in
            guard (try? TestClient(address)) != nil else { return true }
            usleep(10_000)
            return false
        }
    }

    @Test("Draining cuts off what is still busy at the deadline")
    func forces() async throws {
        let handler = LiveHandler()
        let server = HTTPServer(configuration: .init(addresses: [.tcp(host: "127.0.0.1", port: 0)]), handler: handler)
        let address = try server.start()[0]
        let client = try TestClient(address)
        try client.send("GET /held HTTP/1.1\r\nHost: h\r\n\r\n")
        let held = try handler.waitForHeld(1)[0]
        #expect(await server.drain(deadline: .milliseconds(50)) == 1)
        #expect(held.request.cancellation.isCancelled)
        #expect(try client.isAtEnd())
        held.reply(HTTPResponse(status: 200))
        #expect(await server.drain(deadline: .zero) == 1)
    }

    @Test("A drain's end is told while every thread of the global queues is busy")
    func toldWhileBusy() throws {
        let server = HTTPServer(
            configuration: .init(addresses: [.tcp(host: "127.0.0.1", port: 0)]), handler: LiveHandler())
        _ = try server.start()
        let isOver = Atomic<Bool>(false)
        let end = DispatchTime.now().uptimeNanoseconds + 4_000_000_000
        let group = DispatchGroup()
        for _ in 0..<64 {
            // Runs rather than sleeps: for threads that sleep Dispatch makes others.
            DispatchQueue.global().async(group: group) {
                while !isOver.load(ordering: .relaxed), DispatchTime.now().uptimeNanoseconds < end {}
            }
        }
        let told = DispatchSemaphore(value: 0)
        server.drain(deadline: .zero) { _ in told.signal() }
        #expect(told.wait(timeout: .now() + 2) == .success)
        isOver.store(true, ordering: .relaxed)
        group.wait()
    }

    @Test("Stopping cancels requests and may come at any time, also twice")
    func stops() throws {
        let handler = LiveHandler()
        let server = HTTPServer(configuration: .init(addresses: [.tcp(host: "127.0.0.1", port: 0)]), handler: handler)
        server.stop()
        let client = try TestClient(try server.start()[0])
        try client.send("GET /held HTTP/1.1\r\nHost: h\r\n\r\n")
        let held = try handler.waitForHeld(1)[0]
        server.stop()
        server.stop()
        #expect(held.request.cancellation.isCancelled)
        held.reply(HTTPResponse(status: 200))
        #expect(try client.isAtEnd())
    }

    @Test("Every descriptor is closed after a thousand requests, cycle after cycle")
    func leaksNothing() async {
        await #expect(processExitsWith: .success) {
            for _ in 0..<3 { try withServer { _, address, _ in _ = try TestClient(address).get("/later") } }
            let before = settledDescriptors()
            for cycle in 0..<5 {
                try withServer(loops: 1 + cycle % 3) { _, address, handler in
                    for _ in 0..<10 {
                        let client = try TestClient(address)
                        for _ in 0..<20 { _ = try client.get("/later") }
                        try client.send("BAD\r\n")
                    }
                    let busy = try TestClient(address)
                    try busy.send("GET /held HTTP/1.1\r\nHost: h\r\n\r\n")
                    _ = try handler.waitForHeld(1)
                }
                #expect(openDescriptors() == before, "cycle \(cycle)")
            }
            #expect(throws: HTTPServerError.self) {
                try withServer(addresses: [.tcp(host: "127.0.0.1", port: 0), .tcp(host: "192.0.2.1", port: 0)]) {
                    _, _, _ in
                }
            }
            #expect(openDescriptors() == before)
        }
    }

    @Test("A server with idle connections uses no processor time")
    func idles() async {
        await #expect(processExitsWith: .success) {
            try withServer { _, address, handler in
                let idle = try TestClient(address)
                _ = try idle.get("/")
                let halfClosed = try TestClient(address)
                try halfClosed.send("GET /held HTTP/1.1\r\nHost: h\r\n\r\nGET /early HTTP/1.1\r\nHost: h\r\n\r\n")
                _ = try handler.waitForHeld(1)
                halfClosed.finishSending()
                let early = try TestClient(address)
                try early.send("GET /held HTTP/1.1\r\nHost: h\r\n\r\n")
                _ = try handler.waitForHeld(2)
                try early.send("GET /waiting HTTP/1.1\r\nHost: h\r\n\r\n")
                let lingering = try TestClient(address)
                try lingering.send("BAD\r\n")
                _ = try lingering.response()
                usleep(250_000)  // Threads of libraries in the test program spin for a moment after they are loaded.
                let before = processorTime()
                usleep(1_000_000)
                #expect(processorTime() - before < 20)
            }
        }
    }

    @Test("A process out of descriptors neither spins nor stays deaf, and turns clients away one at a time")
    func survivesExhaustion() async {
        await #expect(processExitsWith: .success) {
            let pauses = Counter()
            let configuration = HTTPServerConfiguration(addresses: [.tcp(host: "127.0.0.1", port: 0)])
            let server = HTTPServer(configuration: configuration, handler: LiveHandler()) { _ in pauses.add() }
            let address = try server.start()[0]
            let first = try TestClient(address)
            _ = try first.get("/")
            let clients = try (0..<100).map { _ in try TestClient(address, connects: false) }
            limitDescriptors(to: openDescriptors() + 8)
            var hoard: [Int32] = []
            while case let descriptor = dup(first.descriptor), descriptor >= 0 { hoard.append(descriptor) }
            for client in clients { try client.connect() }
            try eventually("a client turned away") { server.metrics.connectionsRefused.value > 0 }
            usleep(250_000)  // As above.
            let before = processorTime()
            usleep(300_000)
            #expect(processorTime() - before < 20)
            #expect((1..<50).contains(pauses.value))
            #expect(try first.get("/still").status == 200)
            limitDescriptors(to: 1024)
            for descriptor in hoard { close(descriptor) }
            #expect(try clients[99].get("/late").status == 200)
            server.stop()
        }
    }
}
