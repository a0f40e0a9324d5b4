// SPDX-License-Identifier: Apache-2.0

/// Where a server listens: a TCP host and port, or the path of a Unix-domain socket.
///
///     try ListenAddress(parsing: "127.0.0.1:8080")
///     try ListenAddress(parsing: "[::1]:0")        // port 0: any free port
///     try ListenAddress(parsing: ":8080")          // every interface
///     try ListenAddress(parsing: "unix:/run/facet.sock")
package enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or a numeric address without brackets, empty for every interface; a port from 0 to 65,535.
    case tcp(host: String, port: Int)
    case unix(path: String)

    /// Reads the text forms above; throws ``HTTPServerError/invalidAddress(_:)``.
    package init(parsing text: String) throws(HTTPServerError) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty, !path.utf8.contains(0) else { throw .invalidAddress(text) }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":") else { throw .invalidAddress(text) }
        let digits = text[text.index(after: colon)...]
        var host = text[..<colon]
        guard !digits.isEmpty, digits.utf8.allSatisfy(ASCII.isDigit), let port = Int(digits), port <= 65_535 else {
            throw .invalidAddress(text)
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { throw .invalidAddress(text) }
        } else if host.contains(where: { ":[] ".contains($0) }) {
            throw .invalidAddress(text)
        }
        guard !host.utf8.contains(0) else { throw .invalidAddress(text) }
        self = .tcp(host: String(host), port: port)
    }

    /// Whether other machines can reach it: a TCP address that is not the loopback's.
    package var isOpenToOthers: Bool {
        guard case .tcp(let host, _) = self else { return false }
        return !(host == "localhost" || host == "::1" || host.hasPrefix("127."))
    }

    /// Listens for a moment, to find out whether a server could.
    package func tryListening() throws(HTTPServerError) {
        for listener in try Listener.open(self) { listener.close() }
    }

    /// The form ``init(parsing:)`` reads.
    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

/// An address a server listens on in fact: numeric, with its real port.
package typealias BoundAddress = ListenAddress
