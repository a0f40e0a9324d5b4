// SPDX-License-Identifier: Apache-2.0

/// Turns bytes into requests: a state machine without I/O (RFC 9112).
///
/// Give it bytes through an ``InputCursor`` and call ``next(_:)`` until it needs more. After a head the caller says
/// what to do with the body. How the bytes were cut never changes what comes out. After a failure it reads no more.
package struct RequestParser {
    /// What the bytes up to the cursor amount to.
    package enum Event {
        /// The input is used up and nothing is complete.
        case needMore
        /// A head is complete; call ``collectBody(limit:)`` or ``discardBody()`` next.
        case head(HTTPRequestHead)
        /// The body is complete; the next call reads the next head.
        case bodyEnd
        /// The client broke a rule; nothing after it can be trusted.
        case failed(HTTPProtocolError)
    }

    private enum Stage {
        case head
        case headRead
        case length(Int)
        case chunked(ChunkedDecoder)
        case failed(HTTPProtocolError)
    }

    private let limits: HTTPLimits
    private var stage = Stage.head
    private var headParser: HeadParser
    /// The start of a head whose end has not come.
    private var pending: [UInt8] = []
    /// Whether an empty line before the head was skipped; one is tolerated (RFC 9112 section 2.2).
    private var skippedLine = false
    private var body = BodyCollector(limit: 0, keeps: false)
    private var length: Int? = 0

    /// A parser at the start of a connection.
    package init(limits: HTTPLimits = HTTPLimits()) {
        self.limits = limits
        headParser = HeadParser(limits: limits)
    }

    /// Whether no byte of a next head has come.
    package var isIdle: Bool {
        if case .head = stage { pending.isEmpty } else { false }
    }

    /// Bytes of the present body that have come.
    package var bodyBytes: Int { body.received }

    /// Reads on until something is complete or the input is used up.
    package mutating func next(_ input: inout InputCursor) -> Event {
        do throws(HTTPProtocolError) {
            switch stage {
            case .head: return try readHead(&input)
            case .headRead, .length(0): return endBody()
            case .length(let remaining): return readLength(&input, remaining)
            case .chunked(var decoder):
                stage = .headRead
                let isDone = try decoder.advance(&input, &body)
                if isDone { return endBody() }
                stage = .chunked(decoder)
                return .needMore
            case .failed(let error): throw error
            }
        } catch {
            stage = .failed(error)
            return .failed(error)
        }
    }

    /// Keeps the body of the head just read, up to `limit` bytes.
    package mutating func collectBody(limit: Int) {
        beginBody(BodyCollector(limit: limit, keeps: true))
    }

    /// Skips the body of the head just read, which has an announced length.
    package mutating func discardBody() {
        beginBody(BodyCollector(limit: .max, keeps: false))
    }

    /// The body that ended last, handed over.
    package mutating func takeBody() -> [UInt8] {
        defer { body = BodyCollector(limit: 0, keeps: false) }
        return body.bytes
    }

    /// How many bytes of a body of known length are still to come and kept; 0 at any other moment.
    package var bodyRoom: Int {
        if case .length(let remaining) = stage, body.isKept { remaining } else { 0 }
    }

    /// Lets `read` write up to ``bodyRoom`` bytes straight into the body; gives what it gave.
    package mutating func receiveBody(_ read: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        let remaining = bodyRoom
        let count = body.receive(expected: remaining, read)
        if count > 0 { stage = .length(remaining - count) }
        return count
    }

    private mutating func beginBody(_ collector: BodyCollector) {
        body = collector
        if let length { stage = .length(length) } else { stage = .chunked(ChunkedDecoder(limits: limits)) }
    }

    private mutating func endBody() -> Event {
        stage = .head
        return .bodyEnd
    }

    private mutating func readLength(_ input: inout InputCursor, _ remaining: Int) -> Event {
        let part = UnsafeRawBufferPointer(rebasing: input.rest.prefix(remaining))
        body.append(part, expected: remaining)
        input.skip(part.count)
        stage = .length(remaining - part.count)
        return part.count == remaining ? endBody() : .needMore
    }
}

extension RequestParser {
    /// Reads a head in place when the input has all of it, else out of `pending`.
    private mutating func readHead(_ input: inout InputCursor) throws(HTTPProtocolError) -> Event {
        skipEmptyLine(&input)
        guard !input.isEmpty else { return .needMore }
        if pending.isEmpty {
            let read = try parse(input.rest)
            if read == nil { pending = Array(input.rest) }
            input.skip(read?.length ?? input.count)
            return read.map { .head($0.head) } ?? .needMore
        }
        var start: [UInt8] = []
        swap(&start, &pending)
        let before = start.count
        start.append(contentsOf: input.rest)
        let result = start.withUnsafeBytes { bytes in
            Result { () throws(HTTPProtocolError) in try parse(bytes) }
        }
        let read = try result.get()
        if read == nil { pending = start }
        input.skip(read.map { $0.length - before } ?? input.count)
        return read.map { .head($0.head) } ?? .needMore
    }

    /// The head at the start of `bytes` and its length; nil when its end has not come.
    private mutating func parse(
        _ bytes: UnsafeRawBufferPointer
    ) throws(HTTPProtocolError) -> (head: HTTPRequestHead, length: Int)? {
        guard let end = try headParser.advance(bytes) else { return nil }
        let head = try HTTPRequestHead(headParser, UnsafeRawBufferPointer(rebasing: bytes[..<end]))
        headParser = HeadParser(limits: limits)
        skippedLine = false
        length = head.isChunked ? nil : head.contentLength ?? 0
        stage = .headRead
        return (head, end)
    }

    private mutating func skipEmptyLine(_ input: inout InputCursor) {
        guard !skippedLine, let next = input.rest.first else { return }
        if pending.isEmpty, next == ASCII.carriageReturn {
            if input.count == 1 {
                pending = [next]
                input.skip(1)
            } else if input.rest[1] == ASCII.lineFeed {
                input.skip(2)
                skippedLine = true
            }
        } else if pending == [ASCII.carriageReturn], next == ASCII.lineFeed {
            input.skip(1)
            pending = []
            skippedLine = true
        }
    }
}
