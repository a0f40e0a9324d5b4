// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import HTTPServer
import Synchronization

/// A handler with a target for everything a live test needs.
final class LiveHandler: HTTPHandler {
    typealias Held = (request: HTTPRequest, reply: @Sendable (HTTPResponse) -> Void)

    private let held = Mutex<[Held]>([])

    func admit(_ head: HTTPRequestHead) -> HTTPAdmission {
        head.path == "/refused" ? .refuse(HTTPResponse(status: 429)) : .accept(bodyLimit: 8 << 20)
    }

    func respond(to request: HTTPRequest, _ reply: @escaping @Sendable (HTTPResponse) -> Void) {
        switch request.head.path {
        case "/later":
            DispatchQueue.global().async { reply(Self.echo(request)) }
        case "/held": held.withLock { $0.append((request, reply)) }
        case "/forgotten": break
        case "/twice":
            reply(Self.echo(request))
            reply(HTTPResponse(status: 500))
        default: reply(Self.echo(request))
        }
    }

    func refusal(_ error: HTTPProtocolError) -> HTTPResponse {
        HTTPResponse(status: error.status, text: error.code)
    }

    /// The requests to `/held`, once there are `count` of them.
    func waitForHeld(_ count: Int) throws -> [Held] {
        try eventually("\(count) held requests") { held.withLock { $0.count == count } }
        return held.withLock { $0 }
    }

    private static func echo(_ request: HTTPRequest) -> HTTPResponse {
        let body = request.body.isEmpty ? Array(request.head.target.utf8) : request.body
        return HTTPResponse(status: 200, contentType: "application/octet-stream", body: body)
    }
}

/// Waits until something holds, for ten seconds at most.
func eventually(_ what: String, _ holds: () -> Bool) throws {
    for _ in 0..<5000 {
        if holds() { return }
        usleep(2000)
    }
    throw ClientError(description: "never happened: \(what)")
}

/// Runs `body` against a server on a free port and stops the server.
func withServer(
    _ limits: HTTPLimits = HTTPLimits(), loops: Int = 2,
    addresses: [ListenAddress] = [.tcp(host: "127.0.0.1", port: 0)],
    _ body: (HTTPServer, BoundAddress, LiveHandler) throws -> Void
) throws {
    let handler = LiveHandler()
    let configuration = HTTPServerConfiguration(addresses: addresses, limits: limits, loops: loops)
    let server = HTTPServer(configuration: configuration, handler: handler)
    let bound = try server.start()
    defer { server.stop() }
    try body(server, bound[0], handler)
}

/// Descriptors this process has open.
func openDescriptors() -> Int {
    (0..<4096).count { fcntl($0, F_GETFD) != -1 }
}

/// Processor time this process has used, in milliseconds.
func processorTime() -> Double {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
    return Double(seconds) * 1000 + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000
}

/// Open descriptors once their number has stood still: libraries open some of their own, late and on threads of theirs.
func settledDescriptors() -> Int {
    var count = openDescriptors()
    for _ in 0..<20 {
        usleep(50_000)
        let now = openDescriptors()
        if now == count { return now }
        count = now
    }
    return count
}

/// Lets this process open no descriptor numbered `count` or above.
func limitDescriptors(to count: Int) {
    var allowed = rlimit(rlim_cur: rlim_t(count), rlim_max: 4096)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &allowed)
}
