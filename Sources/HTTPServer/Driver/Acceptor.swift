// SPDX-License-Identifier: Apache-2.0

internal import CLinux
private import Glibc
internal import Synchronization

/// The listening sockets, owned by one loop, which hands each new connection to the loop that has the fewest.
///
/// When the process runs out of descriptors or memory, accepting rests for a moment instead of spinning. A spare
/// descriptor is kept for that case: it is given up to take one waiting client and turn it away.
final class Acceptor {
    /// The high half of the poller tokens of listening sockets; the low half is their index.
    static let tokenMark: UInt64 = 0xFFFF_FFFF_0000_0000
    private static let restTime = 100_000_000

    private let listeners: [Listener]
    private let loops: [Mailbox]
    private var spare: Int32
    private var resumption = Int.max
    private var isClosed = false
    private var nextLoop = 0

    init(_ listeners: [Listener], _ loops: [Mailbox]) {
        self.listeners = listeners
        self.loops = loops
        spare = Self.openSpare()
    }

    /// Starts waiting for connections.
    func resume(_ poller: Poller) {
        resumption = .max
        for (index, listener) in listeners.enumerated() {
            _ = poller.add(listener.descriptor, .read, token: Self.tokenMark | UInt64(index))
        }
    }

    /// Starts waiting again if the rest is over; gives the time when it will be, nil when there is none.
    func resumeIfDue(_ poller: Poller, now: Int) -> Int? {
        if now >= resumption, !isClosed { resume(poller) }
        return resumption == .max ? nil : resumption
    }

    /// Stops waiting for connections for a moment; gives the time when the rest is over.
    func rest(_ poller: Poller, now: Int) -> Int {
        for listener in listeners { poller.remove(listener.descriptor) }
        resumption = now + Self.restTime
        return resumption
    }

    /// Takes one waiting client with the spare descriptor and closes it; false when there was none.
    func turnOneAway(_ listener: Int32) -> Bool {
        guard spare >= 0 else { return false }
        CLinux.close(spare)
        defer { spare = Self.openSpare() }
        guard case .done(let descriptor) = Socket.accept(listener) else { return false }
        CLinux.close(Int32(descriptor))
        return true
    }

    /// The descriptor of a poller token.
    func descriptor(_ token: UInt64) -> Int32? {
        let index = Int(token & ~Self.tokenMark)
        return isClosed || index >= listeners.count ? nil : listeners[index].descriptor
    }

    var descriptors: [Int32] { isClosed ? [] : listeners.map(\.descriptor) }

    /// The loop with the fewest connections, counting the one to come; equals take turns.
    func pickLoop() -> (index: Int, mailbox: Mailbox) {
        var best = nextLoop
        for offset in 1..<max(loops.count, 2) {
            let candidate = (nextLoop + offset) % loops.count
            if loops[candidate].load.load(ordering: .relaxed) < loops[best].load.load(ordering: .relaxed) {
                best = candidate
            }
        }
        nextLoop = (best + 1) % loops.count
        loops[best].load.add(1, ordering: .relaxed)
        return (best, loops[best])
    }

    /// Leaves a message with every loop but the one given.
    func passOn(_ message: Mailbox.Message, from index: Int) {
        for (other, loop) in loops.enumerated() where other != index { loop.post(message) }
    }

    /// Closes the listening sockets; once closed it stays so.
    func close() {
        if isClosed { return }
        isClosed = true
        resumption = .max
        for listener in listeners { listener.close() }
        if spare >= 0 { CLinux.close(spare) }
    }

    private static func openSpare() -> Int32 {
        open("/dev/null", O_RDONLY | O_CLOEXEC)
    }
}
