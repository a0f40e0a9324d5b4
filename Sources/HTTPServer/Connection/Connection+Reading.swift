// SPDX-License-Identifier: Apache-2.0

extension Connection {
    /// The next thing to do, reading `input` as far as that takes.
    ///
    /// After `wait`, input that is left must be given again before any newer bytes.
    package mutating func advance(_ input: inout InputCursor, now: Int) -> Action {
        while true {
            // Before anything else: what a deaf client leaves unread must not keep its connection.
            if case .closed = phase { return .close }
            if output.isFull, let action = flush() { return action }
            let action: Action?
            switch phase {
            case .idle, .head: action = readHead(&input, now)
            case .body: action = readBody(&input, now)
            case .discarding: action = skipBody(&input, now)
            case .admitting, .handling, .refusing: action = flush() ?? .wait
            case .failing(let error):
                enter(.refusing, now: now)
                action = .refuse(error)
            case .closing: action = flush() ?? finish(now)
            case .lingering: action = linger(&input)
            case .closed: action = .close
            }
            if let action { return action }
        }
    }

    /// Notes that the client will send no more.
    ///
    /// A request being handled is abandoned by most clients that do this.
    package mutating func peerFinished() {
        peerClosed = true
    }

    /// How many bytes may be read straight into the body now; 0 when input must go through ``advance(_:now:)``.
    package var bodyRoom: Int {
        if case .body = phase { parser.bodyRoom } else { 0 }
    }

    /// Lets `read` write up to ``bodyRoom`` bytes into the body; gives what it gave.
    package mutating func receiveBody(now: Int, _ read: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        progress = now
        return parser.receiveBody(read)
    }

    /// What to do about output that waits; nil when there is none.
    private func flush() -> Action? {
        if output.isEmpty { return nil }
        return isBlocked ? .wait : .write
    }

    private mutating func readHead(_ input: inout InputCursor, _ now: Int) -> Action? {
        switch parser.next(&input) {
        case .needMore:
            if let action = flush() { return action }
            let ends = peerClosed || isDraining && parser.isIdle
            if ends {
                phase = .closed
            } else if parser.isIdle {
                phase = .idle
            } else if case .idle = phase {
                enter(.head, now: now)
            }
            return ends ? .close : .wait
        case .head(let next):
            head = next
            enter(.admitting, now: now)
            return .admit(next)
        case .failed(let error):
            return fail(error, now)
        case .bodyEnd:
            return nil
        }
    }

    private mutating func readBody(_ input: inout InputCursor, _ now: Int) -> Action? {
        if !input.isEmpty { progress = now }
        switch parser.next(&input) {
        case .needMore: return flush() ?? awaitBody()
        case .bodyEnd:
            guard let head else { return nil }
            enter(.handling, now: now)
            return .respond(head, body: parser.takeBody())
        case .failed(let error): return fail(error, now)
        case .head: return nil
        }
    }

    private mutating func skipBody(_ input: inout InputCursor, _ now: Int) -> Action? {
        if !input.isEmpty { progress = now }
        switch parser.next(&input) {
        case .needMore: return flush() ?? awaitBody()
        case .bodyEnd, .head, .failed:
            enter(closes ? .closing : .idle, now: now)
            return nil
        }
    }

    /// Waits for more of a body, or gives up when none can come.
    private mutating func awaitBody() -> Action {
        guard peerClosed else { return .wait }
        phase = .closed
        return .close
    }

    private mutating func fail(_ error: HTTPProtocolError, _ now: Int) -> Action {
        enter(.refusing, now: now)
        return .refuse(error)
    }

    private mutating func finish(_ now: Int) -> Action {
        enter(peerClosed ? .closed : .lingering, now: now)
        return peerClosed ? .close : .finishWriting
    }

    private mutating func linger(_ input: inout InputCursor) -> Action {
        lingered += input.count
        input.skip(input.count)
        guard peerClosed || lingered > settings.limits.lingerBytes else { return .wait }
        phase = .closed
        return .close
    }
}
