// SPDX-License-Identifier: Apache-2.0

internal import CLinux
private import Glibc
internal import Synchronization
private import Telemetry

extension EventLoop {
    /// Connections accepted before others get their turn.
    private static let acceptShare = 64
    /// Connections over the limit that may be open at once only to be told so.
    private static let refusedShare = 64

    /// Takes the connections waiting at the listening socket of `token`.
    func acceptConnections(_ token: UInt64) {
        guard let acceptor, let listener = acceptor.descriptor(token) else { return }
        accept(listener, acceptor, atMost: Self.acceptShare)
    }

    /// Takes every connection that already waits, then stops listening.
    func acceptLast() {
        guard let acceptor else { return }
        for listener in acceptor.descriptors { accept(listener, acceptor, atMost: plan.settings.limits.connections) }
        acceptor.close()
    }

    private func accept(_ listener: Int32, _ acceptor: Acceptor, atMost share: Int) {
        for _ in 0..<share {
            switch Socket.accept(listener) {
            case .done(let descriptor): place(Int32(descriptor), acceptor)
            case .wouldBlock: return
            case .failed(ECONNABORTED), .failed(EPROTO), .failed(EPERM): continue
            case .failed(let number): return rest(listener, acceptor, number)
            }
        }
    }

    private func rest(_ listener: Int32, _ acceptor: Acceptor, _ number: Int32) {
        plan.report(.acceptPaused(errno: number))
        if acceptor.turnOneAway(listener) { plan.metrics.connectionsRefused.add() }
        wake(by: acceptor.rest(plan.poller, now: now))
    }

    /// Counts a new connection and gives it to a loop, or turns it away when there are too many.
    private func place(_ descriptor: Int32, _ acceptor: Acceptor) {
        let metrics = plan.metrics
        metrics.connectionsAccepted.add()
        let limit = plan.settings.limits.connections
        let open = metrics.connectionsOpen.add(1)
        if open > limit + Self.refusedShare {
            metrics.connectionsRefused.add()
            metrics.connectionsOpen.add(-1)
            CLinux.close(descriptor)
        } else if open > limit {
            metrics.connectionsRefused.add()
            plan.mailbox.load.add(1, ordering: .relaxed)
            adopt(descriptor, refusing: .tooManyConnections)
        } else {
            let loop = acceptor.pickLoop()
            if loop.index == plan.index {
                adopt(descriptor)
            } else if !loop.mailbox.post(.adopt(descriptor)) {
                metrics.connectionsOpen.add(-1)
                CLinux.close(descriptor)
            }
        }
    }
}
