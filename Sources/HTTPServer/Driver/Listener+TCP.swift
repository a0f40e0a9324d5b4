// SPDX-License-Identifier: Apache-2.0

internal import CLinux
private import Glibc

extension Listener {
    /// Listens on every address of `host`; with port 0 the first one picks the port and the others share it.
    static func openTCP(host: String, port: Int, _ address: ListenAddress) throws(HTTPServerError) -> [Listener] {
        var results: UnsafeMutablePointer<addrinfo>?
        let status = resolve(host, port, &results)
        defer { if let results { freeaddrinfo(results) } }
        guard status == 0 else { throw .unknownHost(host, reason: String(cString: gai_strerror(status))) }
        var listeners: [Listener] = []
        var failure: HTTPServerError?
        var next = results
        while let info = next {
            do throws(HTTPServerError) {
                let bound = listeners.first.map(\.address)
                let listener = try openTCP(info.pointee, host: host, port: bound?.port ?? port, address)
                listeners.append(listener)
            } catch {
                failure = error
                if !error.isMissingFamily { break }
            }
            next = info.pointee.ai_next
        }
        if let failure, listeners.isEmpty || !failure.isMissingFamily {
            for listener in listeners { listener.close() }
            throw failure
        }
        return listeners
    }

    private static func resolve(
        _ host: String, _ port: Int, _ results: inout UnsafeMutablePointer<addrinfo>?
    ) -> Int32 {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        return getaddrinfo(host.isEmpty ? nil : host, "\(port)", &hints, &results)
    }

    private static func openTCP(
        _ info: addrinfo, host: String, port: Int, _ address: ListenAddress
    ) throws(HTTPServerError) -> Listener {
        let descriptor = try makeSocket(info.ai_family, address)
        do throws(HTTPServerError) {
            try configure(descriptor, isIPv6: info.ai_family == AF_INET6, acceptsIPv4: host == "::", address)
            var name = sockaddr_storage()
            memcpy(&name, info.ai_addr, Int(info.ai_addrlen))
            setPort(&name, port)
            try withSocketAddress(&name) { pointer throws(HTTPServerError) in
                try bindAndListen(descriptor, pointer, info.ai_addrlen, address)
            }
            return Listener(descriptor: descriptor, address: try boundAddress(descriptor, address), file: nil)
        } catch {
            CLinux.close(descriptor)
            throw error
        }
    }

    /// Accepted sockets inherit TCP_NODELAY: a response must not wait for the client's delayed acknowledgement.
    private static func configure(
        _ descriptor: Int32, isIPv6: Bool, acceptsIPv4: Bool, _ address: ListenAddress
    ) throws(HTTPServerError) {
        try SystemCall.require("setsockopt SO_REUSEADDR", address) {
            Socket.set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        }
        try SystemCall.require("setsockopt TCP_NODELAY", address) {
            Socket.set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        }
        guard isIPv6 else { return }
        try SystemCall.require("setsockopt IPV6_V6ONLY", address) {
            Socket.set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, acceptsIPv4 ? 0 : 1)
        }
    }

    private static func setPort(_ name: inout sockaddr_storage, _ port: Int) {
        let bigEndian = in_port_t(port).bigEndian
        withUnsafeMutableBytes(of: &name) { bytes in
            bytes.storeBytes(of: bigEndian, toByteOffset: 2, as: in_port_t.self)
        }
    }

    private static func boundAddress(
        _ descriptor: Int32, _ address: ListenAddress
    ) throws(HTTPServerError) -> BoundAddress {
        var name = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var service = [CChar](repeating: 0, count: 16)
        try withSocketAddress(&name) { pointer throws(HTTPServerError) in
            try SystemCall.require("getsockname", address) { getsockname(descriptor, pointer, &length) }
            let flags = NI_NUMERICHOST | NI_NUMERICSERV
            let status = getnameinfo(
                pointer, length, &host, socklen_t(host.count), &service, socklen_t(service.count), flags)
            guard status == 0 else {
                throw .unknownHost(address.description, reason: String(cString: gai_strerror(status)))
            }
        }
        return .tcp(host: text(host), port: Int(text(service)) ?? 0)
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func withSocketAddress(
        _ name: inout sockaddr_storage,
        _ body: (UnsafeMutablePointer<sockaddr>) throws(HTTPServerError) -> Void
    ) throws(HTTPServerError) {
        let result = withUnsafeMutablePointer(to: &name) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                Result { () throws(HTTPServerError) in try body(pointer) }
            }
        }
        try result.get()
    }
}

extension ListenAddress {
    fileprivate var port: Int? {
        if case .tcp(_, let port) = self { port } else { nil }
    }
}

extension HTTPServerError {
    /// Whether the machine lacks the address or its whole family, as containers without IPv6 do.
    fileprivate var isMissingFamily: Bool {
        switch self {
        case .addressNotAvailable: true
        case .systemCall(_, EAFNOSUPPORT, _): true
        default: false
        }
    }
}
