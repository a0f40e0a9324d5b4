// SPDX-License-Identifier: Apache-2.0

/// One client's connection as a state machine without I/O.
///
/// The driver tells it what happened and then calls ``advance(_:now:)`` again and again, doing what each action says,
/// until the action is `wait`. Requests are answered one after the other: while one is being answered, or a response
/// cannot be written, the rest of the input stays unread with the driver and ``wantsRead`` is false.
///
/// Times are nanoseconds on any clock that does not run backwards.
package struct Connection {
    /// What the driver must do next.
    package enum Action {
        /// Ask the handler, then call ``admit(_:date:now:)``.
        case admit(HTTPRequestHead)
        /// Hand the whole request to the handler; ``answer(_:date:now:)`` when it replies.
        case respond(HTTPRequestHead, body: [UInt8])
        /// Get the response for this error, then call ``refuse(_:date:now:)``.
        case refuse(HTTPProtocolError)
        /// Write what ``withPending(_:)`` gives, then call ``wrote(_:now:)`` or ``writeBlocked(now:)``.
        case write
        /// Close the sending side; what still comes is read and thrown away.
        case finishWriting
        /// Close the socket; nothing follows.
        case close
        /// Nothing to do until something happens or ``deadline`` passes.
        case wait
    }

    enum Phase {
        /// Between requests.
        case idle
        case head
        case admitting
        case body
        /// The response is on its way; the request's body is skipped.
        case discarding
        case handling
        /// A protocol error is to be reported.
        case failing(HTTPProtocolError)
        case refusing
        /// The last response is on its way.
        case closing
        case lingering
        case closed
    }

    let settings: ConnectionSettings
    var parser: RequestParser
    var output = ResponseBuffer()
    var phase = Phase.idle
    /// The request being read or answered.
    var head: HTTPRequestHead?
    /// Whether the present response is the last.
    var closes = false
    /// Whether the client has closed its sending side.
    var peerClosed = false
    /// Whether the socket took no more when last written to.
    package internal(set) var isBlocked = false
    var isDraining = false
    var lingered = 0
    /// When the phase began.
    var since: Int
    /// When bytes last moved in the direction that counts.
    var progress: Int

    /// A connection just accepted.
    package init(_ settings: ConnectionSettings, now: Int) {
        self.settings = settings
        parser = RequestParser(limits: settings.limits)
        since = now
        progress = now
    }

    /// A connection to be turned away with the response for `error`.
    package init(_ settings: ConnectionSettings, refusing error: HTTPProtocolError, now: Int) {
        self.init(settings, now: now)
        phase = .failing(error)
    }

    mutating func enter(_ next: Phase, now: Int) {
        phase = next
        since = now
        progress = now
    }

    /// Whether bytes from the client could be read on now.
    package var wantsRead: Bool {
        if peerClosed || isBlocked { return false }
        return switch phase {
        case .idle, .head, .body, .discarding, .lingering: true
        case .admitting, .handling, .failing, .refusing, .closing, .closed: false
        }
    }

    /// Whether a handler owes a response.
    package var isHandling: Bool {
        if case .handling = phase { true } else { false }
    }

    /// Whether the client owes nothing and is owed nothing.
    package var isIdle: Bool {
        if case .idle = phase { parser.isIdle && output.isEmpty } else { false }
    }
}
