// SPDX-License-Identifier: Apache-2.0

internal import CLinux
private import Glibc
internal import Synchronization
private import Telemetry

extension EventLoop {
    /// Body bytes read for one connection before others get their turn.
    private static let fairShare = 4 * 1024 * 1024

    /// Takes over an accepted socket.
    func adopt(_ descriptor: Int32, refusing error: HTTPProtocolError? = nil) {
        let id = channels.nextID()
        var connection: Connection
        if let error {
            connection = Connection(plan.settings, refusing: error, now: now)
        } else {
            connection = Connection(plan.settings, now: now)
        }
        if isDraining { connection.drain() }
        let channel = Channel(descriptor, id, connection)
        channels.insert(channel)
        guard plan.poller.add(descriptor, channel.interest, token: id.token) else { return close(channel) }
        process(channel)
    }

    /// Acts on what the poller saw.
    func handle(_ interest: Poller.Interest, _ channel: Channel) {
        if interest.contains(.write) {
            channel.connection.writable()
            process(channel)
            guard channels[channel.id] != nil else { return }
        }
        if channel.connection.wantsRead {
            if !interest.isDisjoint(with: [.read, .peerClosed, .broken]) { readable(channel) }
        } else if !interest.isDisjoint(with: .broken) {
            close(channel)
        } else if interest.contains(.peerClosed) {
            channel.connection.peerFinished()
            abandon(channel)
            process(channel)
        } else if interest.contains(.read) {
            watch(channel, givingUpRead: true)
        }
    }

    /// Reads until the socket is empty, the connection wants no more, or others deserve a turn.
    ///
    /// What is not a body is read once a turn: a buffer holds more than a thousand small requests.
    func readable(_ channel: Channel) {
        var share = Self.fairShare
        while share > 0, channel.connection.wantsRead {
            let isBody = channel.connection.bodyRoom > 0
            let (outcome, asked) = isBody ? receiveBody(channel) : receive(channel)
            guard case .done(let count) = outcome else {
                if case .failed = outcome { close(channel) }
                return
            }
            if count == 0 { channel.connection.peerFinished() }
            process(channel, isBody ? 0 : count)
            share = count < asked || !isBody || channels[channel.id] == nil ? 0 : share - count
        }
    }

    private func receive(_ channel: Channel) -> (SystemCall.Outcome, asked: Int) {
        (Socket.receive(channel.descriptor, scratch), scratch.count)
    }

    /// Reads straight into the request's body.
    private func receiveBody(_ channel: Channel) -> (SystemCall.Outcome, asked: Int) {
        var outcome = SystemCall.Outcome.wouldBlock
        var asked = 0
        _ = channel.connection.receiveBody(now: now) { free in
            outcome = Socket.receive(channel.descriptor, free)
            asked = free.count
            return if case .done(let count) = outcome { count } else { 0 }
        }
        return (outcome, asked)
    }

    /// Takes a response that came by mail; nil when the handler forgot the request.
    func takeReply(_ response: HTTPResponse?, _ channel: Channel?) {
        guard let channel, channel.connection.isHandling else { return }
        if response == nil { countError(.handlerFailed) }
        channel.cancellation = nil
        channel.connection.answer(
            response ?? plan.handler.refusal(.handlerFailed), date: date, now: now)
        process(channel)
    }

    /// Goes on with what was left of earlier input, or with the first `count` bytes of the scratch buffer.
    func process(_ channel: Channel, _ count: Int = 0) {
        if channel.stash.isEmpty {
            var input = InputCursor(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
            advance(channel, &input)
            if !input.isEmpty { channel.stash = Array(input.rest) }
        } else {
            precondition(count == 0, "\(count) bytes were read while \(channel.stash.count) still waited")
            var stash: [UInt8] = []
            swap(&stash, &channel.stash)
            stash.withUnsafeBytes { bytes in
                var input = InputCursor(bytes)
                advance(channel, &input)
                if !input.isEmpty { channel.stash = Array(input.rest) }
            }
        }
        guard channels[channel.id] != nil else { return }
        watch(channel)
        channel.deadline = channel.connection.deadline
        wake(by: channel.deadline)
    }

    private func advance(_ channel: Channel, _ input: inout InputCursor) {
        while true {
            switch channel.connection.advance(&input, now: now) {
            case .admit(let head):
                channel.connection.admit(plan.handler.admit(head), date: date, now: now)
            case .respond(let head, let body):
                respond(channel, head, body)
            case .refuse(let error):
                countError(error)
                channel.connection.refuse(plan.handler.refusal(error), date: date, now: now)
            case .write:
                if !write(channel) { return close(channel) }
            case .finishWriting: Socket.finishWriting(channel.descriptor)
            case .close: return close(channel)
            case .wait: return
            }
        }
    }

    private func respond(_ channel: Channel, _ head: HTTPRequestHead, _ body: [UInt8]) {
        plan.metrics.requests.add()
        nextRequest += 1
        let cancellation = HTTPCancellation()
        let pending = PendingReply(channel.id, plan.mailbox)
        let request = HTTPRequest(
            head: head, body: body, id: nextRequest << 8 | UInt64(plan.index), cancellation: cancellation)
        plan.handler.respond(to: request) { pending.send($0) }
        if let response = pending.detach() {
            channel.connection.answer(response, date: date, now: now)
        } else {
            channel.cancellation = cancellation
        }
    }

    /// Writes what waits; false when the connection is broken.
    private func write(_ channel: Channel) -> Bool {
        let outcome = channel.connection.withPending { Socket.send(channel.descriptor, $0, $1) }
        switch outcome {
        case .done(let count): channel.connection.wrote(count, now: now)
        case .wouldBlock: channel.connection.writeBlocked(now: now)
        case .failed: return false
        }
        return true
    }

    /// Registers for what is waited for.
    ///
    /// Reading is given up lazily, once bytes come that cannot be used: most clients send their next request only
    /// after the response, and then nothing has to be registered again.
    private func watch(_ channel: Channel, givingUpRead: Bool = false) {
        let hasEnded = channel.connection.peerClosed
        var wanted: Poller.Interest = hasEnded ? [] : .peerClosed
        let keepsRead = channel.interest.contains(.read) && !givingUpRead && !hasEnded
        if keepsRead || channel.connection.wantsRead { wanted.insert(.read) }
        if channel.connection.isBlocked { wanted.insert(.write) }
        guard wanted != channel.interest else { return }
        channel.interest = wanted
        plan.poller.modify(channel.descriptor, wanted, token: channel.id.token)
    }

    /// Tells the handler that nobody waits for its response.
    private func abandon(_ channel: Channel) {
        guard let cancellation = channel.cancellation else { return }
        cancellation.cancel()
        channel.cancellation = nil
        plan.metrics.requestsAbandoned.add()
    }

    private func countError(_ error: HTTPProtocolError) {
        plan.metrics.protocolErrors[error]?.add()
    }

    /// Closes the socket and forgets the connection; a request being handled is cancelled.
    func close(_ channel: Channel) {
        guard channels[channel.id] != nil else { return }
        abandon(channel)
        CLinux.close(channel.descriptor)
        channels.remove(channel.id)
        plan.mailbox.load.subtract(1, ordering: .relaxed)
        plan.metrics.connectionsOpen.add(-1)
    }
}
