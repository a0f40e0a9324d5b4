// SPDX-License-Identifier: Apache-2.0

internal import CLinux
private import Glibc
private import Telemetry

/// One thread's connections: waits, reads, writes and keeps the deadlines.
///
/// Made and used on its own thread only; other threads reach it through its ``Mailbox``. It sleeps until something
/// happens or the nearest deadline passes, so an idle server costs no time at all.
final class EventLoop {
    /// What a loop is started with.
    struct Plan: Sendable {
        let index: Int
        let poller: Poller
        let mailbox: Mailbox
        let settings: ConnectionSettings
        let handler: any HTTPHandler
        let metrics: HTTPServerMetrics
        let report: @Sendable (HTTPServerEvent) -> Void
    }

    private enum State {
        case running
        case draining(deadline: Int)
        case stopped
    }

    static let wakeupToken = UInt64.max
    /// Deadlines are looked at no more often than this, in nanoseconds.
    private static let scanInterval = 10_000_000
    private static let scratchBytes = 64 * 1024

    let plan: Plan
    let acceptor: Acceptor?
    let scratch: UnsafeMutableRawBufferPointer
    var channels = ChannelTable()
    var now: Int
    var date: HTTPDate
    var nextRequest: UInt64 = 0
    private var nextDeadline = Int.max
    private var state = State.running
    private let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: 256)

    init(_ plan: Plan, acceptor: Acceptor?) {
        self.plan = plan
        self.acceptor = acceptor
        scratch = .allocate(byteCount: Self.scratchBytes, alignment: 64)
        now = SystemCall.monotonicNow()
        date = HTTPDate(second: time(nil))
    }

    deinit {
        scratch.deallocate()
        events.deallocate()
    }

    var isDraining: Bool {
        if case .draining = state { true } else { false }
    }

    /// Serves until told to stop, or until the last connection has gone after being told to drain.
    func run() {
        let added = plan.poller.add(plan.mailbox.wakeup, .read, token: Self.wakeupToken)
        precondition(added, "epoll_ctl add failed for the event loop's own descriptor \(plan.mailbox.wakeup)")
        acceptor?.resume(plan.poller)
        while !isFinished {
            let count = plan.poller.wait(events, timeout: timeout)
            readClocks()
            for index in 0..<count { handle(events[index]) }
            if now >= nextDeadline { meetDeadlines() }
        }
        finish()
    }

    /// Notes a time at which the loop must look at its deadlines.
    func wake(by deadline: Int) {
        if deadline < nextDeadline { nextDeadline = deadline }
    }

    private var isFinished: Bool {
        switch state {
        case .running: false
        case .draining: channels.count == 0
        case .stopped: true
        }
    }

    /// Milliseconds to the nearest deadline, rounded up; -1 when there is none.
    private var timeout: Int32 {
        if nextDeadline == .max { return -1 }
        let rest = max(0, nextDeadline - SystemCall.monotonicNow())
        return Int32(min(rest / 1_000_000 + 1, 3_600_000))
    }

    private func readClocks() {
        now = SystemCall.monotonicNow()
        let second = time(nil)
        if second != date.second { date = HTTPDate(second: second) }
    }

    private func handle(_ event: epoll_event) {
        let interest = Poller.Interest(rawValue: event.events)
        let token = event.data.u64
        if token == Self.wakeupToken {
            readMail()
        } else if token & Acceptor.tokenMark == Acceptor.tokenMark {
            acceptConnections(token)
        } else if let channel = channels[ConnectionID(token: token)] {
            handle(interest, channel)
        }
    }

    private func readMail() {
        for message in plan.mailbox.take() {
            switch message {
            case .reply(let id, let response): takeReply(response, channels[id])
            case .adopt(let descriptor): adopt(descriptor)
            case .drain(let deadline): drain(deadline)
            case .stop: state = .stopped
            }
        }
    }

    /// Serves what has already been sent, ends what is idle, and lets the rest finish until `deadline`.
    private func drain(_ deadline: Int) {
        guard case .running = state else { return }
        acceptLast()
        state = .draining(deadline: deadline)
        wake(by: deadline)
        for channel in channels.all {
            channel.connection.drain()
            if channel.connection.wantsRead { readable(channel) }
            if channels[channel.id] != nil { process(channel) }
        }
        acceptor?.passOn(.drain(deadline: deadline), from: plan.index)
    }

    /// Acts on every deadline that has passed and finds the next one.
    private func meetDeadlines() {
        if case .draining(let deadline) = state, now >= deadline {
            plan.report(.drainForced(connections: channels.count))
            state = .stopped
            return
        }
        nextDeadline = .max
        if case .draining(let deadline) = state { nextDeadline = deadline }
        if let resumption = acceptor?.resumeIfDue(plan.poller, now: now) { wake(by: resumption) }
        var earliest = Int.max
        for channel in channels.all {
            if now >= channel.deadline {
                channel.connection.expire(now: now)
                process(channel)
            } else {
                earliest = min(earliest, channel.deadline)
            }
        }
        if earliest != .max { wake(by: max(earliest, now + Self.scanInterval)) }
    }

    /// Closes everything the loop owns, late-comers in the mailbox included.
    private func finish() {
        acceptor?.close()
        for channel in channels.all { close(channel) }
        for case .adopt(let descriptor) in plan.mailbox.close() {
            CLinux.close(descriptor)
            plan.metrics.connectionsOpen.add(-1)
        }
        plan.poller.close()
    }
}
