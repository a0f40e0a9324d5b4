// SPDX-License-Identifier: Apache-2.0

/// Finds the lines of a request head and checks each as soon as it is whole (RFC 9112 sections 2 to 5).
///
/// Given ever longer prefixes of the same head, it looks at each byte once. What it answers depends on the bytes
/// alone, not on how they were cut: each rule fires at a fixed byte.
struct HeadParser {
    private let limits: HTTPLimits
    private var scanned = 0
    private var lineStart = 0
    private(set) var line: RequestLine?
    private(set) var fields: [HTTPHeaders.Field] = []

    init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Reads on in `head`, which starts with the bytes of the call before.
    ///
    /// Gives the length of the head once it is whole.
    mutating func advance(_ head: UnsafeRawBufferPointer) throws(HTTPProtocolError) -> Int? {
        if scanned == 0, let first = head.first, !ASCII.isToken(first) { throw .malformedRequestLine }
        while let feed = ASCII.find(ASCII.lineFeed, in: head, from: scanned) {
            try checkLength(through: feed + 1)
            guard feed > lineStart, head[feed - 1] == ASCII.carriageReturn else { throw malformed }
            let text = lineStart..<(feed - 1)
            scanned = feed + 1
            lineStart = feed + 1
            if line == nil {
                line = try RequestLine(head, text, targetLimit: limits.targetBytes)
            } else if text.isEmpty {
                return feed + 1
            } else {
                try addField(head, text)
            }
        }
        try checkLength(through: head.count + 1)
        scanned = head.count
        return nil
    }

    private var malformed: HTTPProtocolError { line == nil ? .malformedRequestLine : .malformedHeader }

    /// Refuses a head that has `length` bytes at least.
    private func checkLength(through length: Int) throws(HTTPProtocolError) {
        if line == nil, length > RequestLine.overhead + limits.targetBytes { throw .targetTooLong }
        if length > limits.headBytes { throw line == nil ? .targetTooLong : .headTooLarge }
    }

    private mutating func addField(_ head: UnsafeRawBufferPointer, _ text: Range<Int>) throws(HTTPProtocolError) {
        let field = try HTTPHeaders.Field(head, text)
        guard fields.count < limits.fieldCount else { throw .headTooLarge }
        if fields.isEmpty { fields.reserveCapacity(16) }
        fields.append(field)
    }
}

/// The three parts of a request line (RFC 9112 section 3), as ranges of the head.
struct RequestLine {
    /// Room for the longest method, the version, two spaces and the line's end.
    static let overhead = methodLimit + 12
    private static let methodLimit = 32

    let method: Range<Int>
    let target: Range<Int>
    let version: HTTPVersion

    init(_ head: UnsafeRawBufferPointer, _ text: Range<Int>, targetLimit: Int) throws(HTTPProtocolError) {
        var index = text.lowerBound
        while index < text.upperBound, ASCII.isToken(head[index]) { index += 1 }
        method = text.lowerBound..<index
        guard !method.isEmpty, method.count <= Self.methodLimit, index < text.upperBound, head[index] == ASCII.space
        else { throw .malformedRequestLine }
        let start = index + 1
        index = start
        while index < text.upperBound, ASCII.isTarget(head[index]) { index += 1 }
        target = start..<index
        guard index < text.upperBound else { throw .malformedRequestLine }
        guard head[index] == ASCII.space else { throw .malformedTarget }
        guard !target.isEmpty else { throw .malformedRequestLine }
        guard target.count <= targetLimit else { throw .targetTooLong }
        version = try Self.version(head, (index + 1)..<text.upperBound)
    }

    private static func version(
        _ head: UnsafeRawBufferPointer, _ text: Range<Int>
    ) throws(HTTPProtocolError) -> HTTPVersion {
        let name: StaticString = "HTTP/"
        let start = text.lowerBound
        guard text.count == 8, (0..<5).allSatisfy({ head[start + $0] == name.utf8Start[$0] }),
            head[start + 6] == UInt8(ascii: "."), ASCII.isDigit(head[start + 5]), ASCII.isDigit(head[start + 7])
        else { throw .malformedRequestLine }
        guard head[start + 5] == UInt8(ascii: "1") else { throw .unsupportedVersion }
        return head[start + 7] == ASCII.zero ? .http10 : .http11
    }
}

extension HTTPHeaders.Field {
    /// Reads one field line without its line break (RFC 9112 section 5): no folding, no space before the colon.
    init(_ head: UnsafeRawBufferPointer, _ text: Range<Int>) throws(HTTPProtocolError) {
        var index = text.lowerBound
        while index < text.upperBound, ASCII.isToken(head[index]) { index += 1 }
        guard index > text.lowerBound, index < text.upperBound, head[index] == ASCII.colon else {
            throw .malformedHeader
        }
        var start = index + 1
        var end = text.upperBound
        while start < end, ASCII.isBlank(head[start]) { start += 1 }
        while end > start, ASCII.isBlank(head[end - 1]) { end -= 1 }
        var sound = true
        for position in start..<end { sound = ASCII.isFieldContent(head[position]) && sound }
        guard sound else { throw .malformedHeader }
        nameStart = UInt32(text.lowerBound)
        nameEnd = UInt32(index)
        valueStart = UInt32(start)
        valueEnd = UInt32(end)
    }
}
