// SPDX-License-Identifier: Apache-2.0

internal import CLinux
private import Glibc

/// An epoll instance, level-triggered: each descriptor is registered for what is waited for and nothing else.
struct Poller: Sendable {
    /// What to wait for, or what happened.
    ///
    /// Errors and full hang-ups are always reported.
    struct Interest: OptionSet, Sendable {
        let rawValue: UInt32
        static let read = Interest(rawValue: EPOLLIN.rawValue)
        static let write = Interest(rawValue: EPOLLOUT.rawValue)
        /// The peer closed its sending side.
        static let peerClosed = Interest(rawValue: EPOLLRDHUP.rawValue)
        static let broken = Interest(rawValue: EPOLLERR.rawValue | EPOLLHUP.rawValue)
    }

    private let descriptor: Int32

    init() throws(HTTPServerError) {
        descriptor = try SystemCall.require("epoll_create1", "an event loop") {
            epoll_create1(Int32(EPOLL_CLOEXEC))
        }
    }

    /// Starts waiting on `target`; its events carry `token`.
    ///
    /// False when the kernel has no room.
    func add(_ target: Int32, _ interest: Interest, token: UInt64) -> Bool {
        control(EPOLL_CTL_ADD, target, interest, token)
    }

    func modify(_ target: Int32, _ interest: Interest, token: UInt64) {
        let done = control(EPOLL_CTL_MOD, target, interest, token)
        precondition(done, "epoll_ctl modify failed with errno \(errno) on descriptor \(target)")
    }

    func remove(_ target: Int32) {
        _ = control(EPOLL_CTL_DEL, target, [], 0)
    }

    /// Waits until something happens or `timeout` milliseconds pass, -1 for ever; gives the count of events written.
    func wait(_ events: UnsafeMutableBufferPointer<epoll_event>, timeout: Int32) -> Int {
        let outcome = SystemCall.run {
            Int(epoll_wait(descriptor, events.baseAddress, Int32(events.count), timeout))
        }
        if case .done(let count) = outcome { return count }
        preconditionFailure("epoll_wait failed: \(outcome)")
    }

    func close() {
        CLinux.close(descriptor)
    }

    private func control(_ operation: Int32, _ target: Int32, _ interest: Interest, _ token: UInt64) -> Bool {
        var event = epoll_event()
        event.events = interest.rawValue
        event.data.u64 = token
        return epoll_ctl(descriptor, operation, target, &event) == 0
    }
}
