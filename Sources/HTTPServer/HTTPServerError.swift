// SPDX-License-Identifier: Apache-2.0

private import Glibc

/// Why a server could not start.
package enum HTTPServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Text that is no listening address.
    case invalidAddress(String)
    /// A host name without an address, and the resolver's reason.
    case unknownHost(String, reason: String)
    /// Somebody else listens there.
    case addressInUse(ListenAddress)
    /// This user may not listen there.
    case notPermitted(ListenAddress)
    /// The machine does not have that address.
    case addressNotAvailable(ListenAddress)
    /// The path of a Unix-domain socket is longer than the system takes.
    case pathTooLong(String, limit: Int)
    /// A file that is not a socket is where the Unix-domain socket should be; it was left alone.
    case notASocket(String)
    /// A server value starts once.
    case alreadyStarted
    /// Any other failure: the system call, its error number and what it was for.
    case systemCall(String, errno: Int32, about: String)

    package var description: String {
        switch self {
        case .invalidAddress(let text):
            "\"\(text)\" is no listening address; write HOST:PORT, [IPV6]:PORT, :PORT or unix:PATH"
        case .unknownHost(let host, let reason): "the host \"\(host)\" has no address: \(reason)"
        case .addressInUse(.tcp(_, let port)): "port \(port) is in use; choose another with --listen"
        case .addressInUse(.unix(let path)): "another process answers on \(path); choose another with --listen"
        case .notPermitted(.tcp(_, let port)):
            "this user may not listen on port \(port); choose one above 1023 with --listen"
        case .notPermitted(.unix(let path)): "this user may not create the socket \(path)"
        case .addressNotAvailable(let address): "this machine has no address \(address); choose another with --listen"
        case .pathTooLong(let path, let limit): "the socket path \(path) is longer than \(limit) bytes"
        case .notASocket(let path): "\(path) exists and is not a socket; remove it or choose another with --listen"
        case .alreadyStarted: "the server was started before; make a new one"
        case .systemCall(let call, let number, let about): "\(call) failed for \(about): \(Self.text(of: number))"
        }
    }

    private static func text(of number: Int32) -> String {
        "\(String(cString: strerror(number))) (errno \(number))"
    }
}
