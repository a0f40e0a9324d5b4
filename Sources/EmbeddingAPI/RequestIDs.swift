// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Synchronization

/// Names for requests: the caller's own `X-Request-Id` where it is well-formed, else one of ours.
final class RequestIDs: Sendable {
    private let prefix: String
    private let count = Atomic<UInt64>(0)

    init() {
        prefix = String(UInt32.random(in: .min ... .max), radix: 16)
    }

    /// A name no other request of this process has.
    func next() -> String {
        "\(prefix)-\(count.wrappingAdd(1, ordering: .relaxed).newValue)"
    }

    func identify(_ head: HTTPRequestHead) -> String {
        guard let sent = head.headers.first("x-request-id"), Self.isWellFormed(sent) else { return next() }
        return sent
    }

    private static func isWellFormed(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                default: false
                }
            }
    }
}
