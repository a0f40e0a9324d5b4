// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPServer

/// What went wrong with a test's own socket.
struct ClientError: Error, CustomStringConvertible {
    let description: String
}

/// A blocking HTTP client on a raw socket; every read gives up after ten seconds.
final class TestClient {
    struct Response: Equatable {
        var status: Int
        var head: String
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    let descriptor: Int32
    private let address: BoundAddress
    private var unread: [UInt8] = []

    /// A client of the server at `address`, connected unless that is left for later.
    init(_ address: BoundAddress, connects: Bool = true) throws {
        self.address = address
        let family =
            switch address {
            case .unix: AF_UNIX
            case .tcp(let host, _): host.contains(":") ? AF_INET6 : AF_INET
            }
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        if connects { try connect() }
    }

    deinit {
        close(descriptor)
    }

    func connect() throws {
        switch address {
        case .unix(let path):
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
            try connect(&name)
        case .tcp(let host, let port) where host.contains(":"):
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = in_port_t(port).bigEndian
            inet_pton(AF_INET6, host, &name.sin6_addr)
            try connect(&name)
        case .tcp(let host, let port):
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = in_port_t(port).bigEndian
            inet_pton(AF_INET, host, &name.sin_addr)
            try connect(&name)
        }
    }

    private func connect<Name>(_ name: inout Name) throws {
        let result = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Name>.size))
            }
        }
        if result != 0 { throw ClientError(description: "connect: errno \(errno)") }
    }

    func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { throw ClientError(description: "send: errno \(errno) after \(sent) bytes") }
            sent += count
        }
    }

    func finishSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// More bytes; none at the end of the stream.
    func receive() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count < 0 { throw ClientError(description: "recv: errno \(errno)") }
        return Array(buffer[..<count])
    }

    /// The next response, with a body of the announced length unless it answers HEAD.
    func response(toHead: Bool = false) throws -> Response {
        let end = Array("\r\n\r\n".utf8)
        while unread.firstRange(of: end) == nil { try readMore() }
        let headEnd = unread.firstRange(of: end)!.upperBound
        let head = String(decoding: unread[..<headEnd], as: UTF8.self)
        let status = Int(head.split(separator: " ")[1]) ?? 0
        let length = head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }.flatMap {
            Int($0.dropFirst(16))
        }
        let bodyEnd = headEnd + (toHead ? 0 : length ?? 0)
        while unread.count < bodyEnd { try readMore() }
        let body = Array(unread[headEnd..<bodyEnd])
        unread.removeFirst(bodyEnd)
        return Response(status: status, head: head, body: body)
    }

    /// Whether the server has closed its end, with nothing unread.
    func isAtEnd() throws -> Bool {
        try unread.isEmpty && receive().isEmpty
    }

    func get(_ target: String, _ extra: String = "") throws -> Response {
        try send("GET \(target) HTTP/1.1\r\nHost: h\r\n\(extra)\r\n")
        return try response()
    }

    func post(_ target: String, _ body: [UInt8]) throws -> Response {
        try send(Array("POST \(target) HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
        return try response()
    }

    private func readMore() throws {
        let more = try receive()
        if more.isEmpty { throw ClientError(description: "the server closed after \(unread.count) unread bytes") }
        unread += more
    }
}
