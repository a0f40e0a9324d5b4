// SPDX-License-Identifier: Apache-2.0

internal import CLinux
private import Dispatch
private import Glibc
private import Synchronization

/// A small HTTP/1.1 server for one process: event loops on epoll, one thread each (RFC 9110 and 9112).
///
///     let server = HTTPServer(configuration: .init(addresses: [.tcp(host: "127.0.0.1", port: 0)]), handler: handler)
///     let addresses = try server.start()
///     let forced = await server.drain(deadline: .seconds(10))
///
/// All methods are safe from any thread. A server starts once; it must be drained or stopped in the end, since its
/// threads keep it alive.
package final class HTTPServer: Sendable {
    private enum State {
        case fresh
        case running([Mailbox])
    }

    /// What the server counts, from the start on.
    package let metrics = HTTPServerMetrics()
    private let configuration: HTTPServerConfiguration
    private let handler: any HTTPHandler
    private let report: @Sendable (HTTPServerEvent) -> Void
    private let state = Mutex(State.fresh)
    private let loopsRunning = DispatchGroup()
    private let forced = Atomic<Int>(0)

    /// A server that is not started yet.
    ///
    /// `report` is called on a loop's thread with what an operator may want to log.
    package init(
        configuration: HTTPServerConfiguration, handler: any HTTPHandler,
        report: @escaping @Sendable (HTTPServerEvent) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.handler = handler
        self.report = report
    }

    /// Listens on every address and starts serving; gives the addresses with their real ports.
    ///
    /// When one address fails none is kept open.
    package func start() throws(HTTPServerError) -> [BoundAddress] {
        let result = state.withLock { state -> Result<[BoundAddress], HTTPServerError> in
            Result { () throws(HTTPServerError) in
                guard case .fresh = state else { throw .alreadyStarted }
                var resources = StartResources()
                do throws(HTTPServerError) {
                    try resources.acquire(configuration)
                } catch {
                    resources.release()
                    throw error
                }
                launch(resources)
                state = .running(resources.mailboxes)
                return resources.listeners.map(\.address)
            }
        }
        return try result.get()
    }

    /// Stops listening, answers what is in flight with `Connection: close`, closes idle connections at once, and the
    /// rest after `deadline`.
    ///
    /// `completion` is called once on a Dispatch thread when every thread and descriptor is gone, with the number of
    /// connections that had to be cut off. It may be called again or after ``stop()``; the first deadline counts.
    package func drain(deadline: Duration, completion: @escaping @Sendable (_ forced: Int) -> Void) {
        let end = SystemCall.monotonicNow() + deadline.nanoseconds
        mailboxes.first?.post(.drain(deadline: end))
        // On a thread of its own: those of the global queues may all be busy with what is cut off.
        loopsRunning.notify(queue: DispatchQueue(label: "facet.http.end", qos: .userInitiated)) { [self] in
            completion(forced.load(ordering: .relaxed))
        }
    }

    /// As ``drain(deadline:completion:)``, returning when it is over.
    @discardableResult
    package func drain(deadline: Duration) async -> Int {
        await withCheckedContinuation { continuation in
            drain(deadline: deadline) { continuation.resume(returning: $0) }
        }
    }

    /// Closes everything now and returns when it is done; requests being handled are cancelled.
    ///
    /// Blocks for a moment, so it must not be called from a handler on a loop's thread.
    package func stop() {
        for mailbox in mailboxes { mailbox.post(.stop) }
        loopsRunning.wait()
    }

    private var mailboxes: [Mailbox] {
        state.withLock { if case .running(let mailboxes) = $0 { mailboxes } else { [] } }
    }

    /// Starts a thread for each loop; the first one accepts for all.
    private func launch(_ resources: StartResources) {
        let settings = ConnectionSettings(resources.limits(configuration.limits))
        for (index, mailbox) in resources.mailboxes.enumerated() {
            let plan = EventLoop.Plan(
                index: index, poller: resources.pollers[index], mailbox: mailbox, settings: settings, handler: handler,
                metrics: metrics, report: note)
            let queue = DispatchQueue(label: "facet.http.\(index)", qos: .userInitiated)
            queue.async(group: loopsRunning) { [listeners = resources.listeners, mailboxes = resources.mailboxes] in
                let acceptor = index == 0 ? Acceptor(listeners, mailboxes) : nil
                EventLoop(plan, acceptor: acceptor).run()
            }
        }
    }

    private func note(_ event: HTTPServerEvent) {
        if case .drainForced(let count) = event { forced.add(count, ordering: .relaxed) }
        report(event)
    }
}

/// Everything that is opened to start a server.
private struct StartResources {
    var listeners: [Listener] = []
    var pollers: [Poller] = []
    var mailboxes: [Mailbox] = []

    mutating func acquire(_ configuration: HTTPServerConfiguration) throws(HTTPServerError) {
        for address in configuration.addresses { listeners += try Listener.open(address) }
        for _ in 0..<configuration.loops {
            pollers.append(try Poller())
            mailboxes.append(try Mailbox())
        }
    }

    func release() {
        for listener in listeners { listener.close() }
        for poller in pollers { poller.close() }
        for mailbox in mailboxes { _ = mailbox.close() }
    }

    /// `limits` with no more connections than the process may open descriptors, less some for everything else.
    func limits(_ limits: HTTPLimits) -> HTTPLimits {
        var limits = limits
        var allowed = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &allowed) == 0 else { return limits }
        let spare = max(16, Int(clamping: allowed.rlim_cur) - 128)
        limits.connections = min(limits.connections, spare)
        return limits
    }
}
