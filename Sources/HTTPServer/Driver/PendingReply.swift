// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// The answer one request is waiting for: takes the first response from any thread and ignores the rest.
///
/// A handler that replies before `respond` returns costs no wake-up: the loop collects that response itself.
final class PendingReply: Sendable {
    private enum State {
        /// The handler's `respond` has not returned.
        case inline
        case answeredInline(HTTPResponse)
        /// The loop went on; the response goes by mail.
        case detached
        case done
    }

    private let state = Mutex(State.inline)
    private let mailbox: Mailbox
    private let connection: ConnectionID

    init(_ connection: ConnectionID, _ mailbox: Mailbox) {
        self.connection = connection
        self.mailbox = mailbox
    }

    deinit {
        if case .detached = state.withLock({ $0 }) { mailbox.post(.reply(connection, nil)) }
    }

    /// The handler's reply.
    func send(_ response: HTTPResponse) {
        let goesByMail = state.withLock { state in
            switch state {
            case .inline:
                state = .answeredInline(response)
                return false
            case .detached:
                state = .done
                return true
            case .answeredInline, .done:
                return false
            }
        }
        if goesByMail { mailbox.post(.reply(connection, response)) }
    }

    /// The response if the handler gave it already; otherwise it will come by mail.
    func detach() -> HTTPResponse? {
        state.withLock { state in
            if case .answeredInline(let response) = state {
                state = .done
                return response
            }
            state = .detached
            return nil
        }
    }
}
