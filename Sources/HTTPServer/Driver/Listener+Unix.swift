// SPDX-License-Identifier: Apache-2.0

internal import CLinux
private import Glibc

extension Listener {
    /// Listens at `path`.
    ///
    /// A socket file that nobody answers on is left from a process that died, and is replaced.
    static func openUnix(path: String) throws(HTTPServerError) -> Listener {
        let address = ListenAddress.unix(path: path)
        var name = try socketName(path)
        let descriptor = try makeSocket(AF_UNIX, address)
        do throws(HTTPServerError) {
            do throws(HTTPServerError) {
                try bind(descriptor, &name, address)
            } catch .addressInUse {
                guard FileIdentity(socketAt: path) != nil else { throw .notASocket(path) }
                guard try isAbandoned(&name, address) else { throw .addressInUse(address) }
                unlink(path)
                try bind(descriptor, &name, address)
            }
            return Listener(descriptor: descriptor, address: address, file: FileIdentity(socketAt: path))
        } catch {
            CLinux.close(descriptor)
            throw error
        }
    }

    private static func socketName(_ path: String) throws(HTTPServerError) -> sockaddr_un {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let limit = MemoryLayout.size(ofValue: name.sun_path) - 1
        guard path.utf8.count <= limit else { throw .pathTooLong(path, limit: limit) }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        return name
    }

    private static func bind(
        _ descriptor: Int32, _ name: inout sockaddr_un, _ address: ListenAddress
    ) throws(HTTPServerError) {
        let result = withPointer(&name) { pointer, length in
            Result { () throws(HTTPServerError) in try bindAndListen(descriptor, pointer, length, address) }
        }
        try result.get()
    }

    /// Whether a connection to the socket is refused because no process listens.
    private static func isAbandoned(
        _ name: inout sockaddr_un, _ address: ListenAddress
    ) throws(HTTPServerError) -> Bool {
        let probe = try makeSocket(AF_UNIX, address)
        defer { CLinux.close(probe) }
        return withPointer(&name) { pointer, length in connect(probe, pointer, length) != 0 && errno == ECONNREFUSED }
    }

    private static func withPointer<Result>(
        _ name: inout sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafePointer(to: &name) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
