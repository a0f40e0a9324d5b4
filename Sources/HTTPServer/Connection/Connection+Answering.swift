// SPDX-License-Identifier: Apache-2.0

extension Connection {
    /// Takes the handler's decision on the head of the `admit` action.
    package mutating func admit(_ admission: HTTPAdmission, date: HTTPDate, now: Int) {
        guard case .admitting = phase, let head else { return }
        switch admission {
        case .accept(let limit):
            if let length = head.contentLength, length > limit { return enter(.failing(.payloadTooLarge), now: now) }
            if head.expectsContinue { output.queueContinue() }
            parser.collectBody(limit: limit)
            enter(.body, now: now)
        case .refuse(let response):
            let length = head.isChunked ? Int.max : head.contentLength ?? 0
            let skips = length <= settings.limits.discardBytes && !head.expectsContinue
            queue(response, date, closes: !skips)
            if !skips { return enter(.closing, now: now) }
            parser.discardBody()
            enter(.discarding, now: now)
        }
    }

    /// Takes the handler's response to the request of the `respond` action; ignored when none is owed.
    package mutating func answer(_ response: consuming HTTPResponse, date: HTTPDate, now: Int) {
        guard isHandling else { return }
        queue(response, date, closes: false)
        enter(closes ? .closing : .idle, now: now)
    }

    /// Takes the response for the error of the `refuse` action; it is the last one.
    package mutating func refuse(_ response: consuming HTTPResponse, date: HTTPDate, now: Int) {
        guard case .refusing = phase else { return }
        queue(response, date, closes: true)
        enter(.closing, now: now)
    }

    /// Calls `body` with the two parts that wait to be written; the second may be empty.
    package func withPending<Result>(
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Result
    ) -> Result {
        output.withPending(body)
    }

    /// Notes that the socket took `amount` bytes.
    package mutating func wrote(_ amount: Int, now: Int) {
        output.markSent(amount)
        isBlocked = false
        progress = now
    }

    /// Notes that the socket takes nothing more for now.
    package mutating func writeBlocked(now: Int) {
        if !isBlocked { progress = now }
        isBlocked = true
    }

    /// Notes that the socket takes bytes again.
    package mutating func writable() {
        isBlocked = false
    }

    private mutating func queue(_ response: consuming HTTPResponse, _ date: HTTPDate, closes forced: Bool) {
        let asked = response.headers.matching("connection").contains { [headers = response.headers] in
            headers.value($0, lists: "close")
        }
        closes = forced || asked || isDraining || peerClosed || !(head?.keepsAlive ?? false)
        let shape = ResponseBuffer.Shape(
            isHead: head?.method == .head, version: head?.version ?? .http11, closes: closes)
        output.queue(response, shape, date)
        head = nil
    }
}
