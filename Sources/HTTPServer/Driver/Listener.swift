// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// A listening socket.
struct Listener: Sendable {
    let descriptor: Int32
    let address: BoundAddress
    /// Device and file number of a Unix-domain socket's file, to remove no other one.
    let file: FileIdentity?

    struct FileIdentity: Sendable, Equatable {
        let device: UInt64
        let number: UInt64

        /// The identity of the socket at `path`; nil when there is none, or another kind of file.
        init?(socketAt path: String) {
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
            device = UInt64(status.st_dev)
            number = UInt64(status.st_ino)
        }
    }

    private static let backlog: Int32 = 1024

    /// Listens on every address that `address` names.
    static func open(_ address: ListenAddress) throws(HTTPServerError) -> [Listener] {
        switch address {
        case .tcp(let host, let port): try openTCP(host: host, port: port, address)
        case .unix(let path): [try openUnix(path: path)]
        }
    }

    /// Stops listening and removes the file of a Unix-domain socket if it is still ours.
    func close() {
        CLinux.close(descriptor)
        if case .unix(let path) = address, let file, FileIdentity(socketAt: path) == file { unlink(path) }
    }

    static func makeSocket(_ family: Int32, _ address: ListenAddress) throws(HTTPServerError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        return try SystemCall.require("socket", address) { socket(family, kind, 0) }
    }

    /// Binds and listens; the caller closes the descriptor when this throws.
    static func bindAndListen(
        _ descriptor: Int32, _ name: UnsafePointer<sockaddr>, _ length: socklen_t, _ address: ListenAddress
    ) throws(HTTPServerError) {
        if bind(descriptor, name, length) != 0 { throw bindError(errno, address) }
        if listen(descriptor, backlog) != 0 { throw bindError(errno, address) }
    }

    private static func bindError(_ number: Int32, _ address: ListenAddress) -> HTTPServerError {
        switch number {
        case EADDRINUSE: .addressInUse(address)
        case EACCES, EPERM: .notPermitted(address)
        case EADDRNOTAVAIL: .addressNotAvailable(address)
        default: .systemCall("bind", errno: number, about: address.description)
        }
    }
}
