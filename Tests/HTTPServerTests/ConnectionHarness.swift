// SPDX-License-Identifier: Apache-2.0

import HTTPServer

/// Drives a ``Connection`` as an event loop does, without a socket and with a hand-turned clock.
struct ConnectionHarness {
    var connection: Connection
    var now = 0
    /// Everything the connection wrote.
    private(set) var written: [UInt8] = []
    /// What the harness was told to do, writes and waits left out.
    private(set) var log: [String] = []
    private(set) var requests: [(head: HTTPRequestHead, body: [UInt8])] = []
    private(set) var isClosed = false
    private(set) var finishedWriting = false

    var admission: (HTTPRequestHead) -> HTTPAdmission = { _ in .accept(bodyLimit: 1 << 20) }
    /// Gives the response, or nil to leave the request unanswered until ``answer(_:)``.
    var handler: (HTTPRequestHead, [UInt8]) -> HTTPResponse? = { head, body in
        HTTPResponse(status: 200, text: "\(head.method) \(head.target) \(body.count)")
    }
    /// Bytes the socket takes before it is full.
    var socketRoom = Int.max
    private var stash: [UInt8] = []
    private let date = HTTPDate(second: 784_111_777)

    init(_ limits: HTTPLimits = HTTPLimits()) {
        connection = Connection(ConnectionSettings(limits), now: 0)
    }

    /// What was written, with the fixed fields taken out so that tests stay short.
    var output: String {
        String(decoding: written, as: UTF8.self)
            .replacing("Server: facet\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n", with: "")
    }

    mutating func receive(_ text: String) {
        receive(Array(text.utf8))
    }

    mutating func receive(_ bytes: [UInt8]) {
        stash += bytes
        run()
    }

    mutating func peerFinishes() {
        connection.peerFinished()
        run()
    }

    mutating func answer(_ response: HTTPResponse) {
        connection.answer(response, date: date, now: now)
        run()
    }

    mutating func drain() {
        connection.drain()
        run()
    }

    mutating func takeMore(_ room: Int) {
        socketRoom = room
        connection.writable()
        run()
    }

    /// Moves the clock and lets deadlines pass.
    mutating func wait(_ duration: Duration) {
        now += Int(duration / .nanoseconds(1))
        connection.expire(now: now)
        run()
    }

    private mutating func run() {
        let bytes = stash
        stash = []
        bytes.withUnsafeBytes { raw in
            var input = InputCursor(raw)
            while step(&input) {}
            stash = Array(input.rest)
        }
    }

    private mutating func step(_ input: inout InputCursor) -> Bool {
        if isClosed { return false }
        switch connection.advance(&input, now: now) {
        case .admit(let head):
            log.append("admit \(head.target)")
            connection.admit(admission(head), date: date, now: now)
        case .respond(let head, let body):
            log.append("respond \(head.target) \(body.count)")
            requests.append((head, body))
            if let response = handler(head, body) { connection.answer(response, date: date, now: now) }
        case .refuse(let error):
            log.append("refuse \(error)")
            connection.refuse(HTTPResponse(status: error.status, text: error.code), date: date, now: now)
        case .write: write()
        case .finishWriting:
            log.append("finish writing")
            finishedWriting = true
        case .close:
            log.append("close")
            isClosed = true
        case .wait: return false
        }
        return true
    }

    private mutating func write() {
        guard socketRoom > 0 else { return connection.writeBlocked(now: now) }
        let pending = connection.withPending { Array($0) + Array($1) }
        let part = pending.prefix(socketRoom)
        written += part
        socketRoom -= part.count
        connection.wrote(part.count, now: now)
    }
}
