// SPDX-License-Identifier: Apache-2.0

/// Reads the chunked coding (RFC 9112 section 7.1): extensions are checked and ignored, trailers checked and dropped.
struct ChunkedDecoder {
    private enum Stage {
        case sizeLine
        case data(Int)
        case dataEnd
        case trailer
    }

    private let limits: HTTPLimits
    private var stage = Stage.sizeLine
    private var line: [UInt8] = []
    private var extensionBytes = 0
    private var trailerBytes = 0
    private var trailerCount = 0

    init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Reads on, adding content to `body`; true once the last chunk and the trailers have ended.
    mutating func advance(
        _ input: inout InputCursor, _ body: inout BodyCollector
    ) throws(HTTPProtocolError) -> Bool {
        while !input.isEmpty {
            switch stage {
            case .sizeLine:
                guard try readLine(&input, limit: limits.chunkLineBytes, .malformedChunk) else { return false }
                try startChunk(body)
            case .data(let remaining):
                let part = UnsafeRawBufferPointer(rebasing: input.rest.prefix(remaining))
                body.append(part, expected: body.allowance)
                input.skip(part.count)
                stage = part.count == remaining ? .dataEnd : .data(remaining - part.count)
            case .dataEnd:
                guard try readLine(&input, limit: 0, .malformedChunk) else { return false }
                stage = .sizeLine
            case .trailer:
                let left = limits.headBytes - trailerBytes
                guard try readLine(&input, limit: left, .headTooLarge) else { return false }
                if line.isEmpty { return true }
                try checkTrailer()
            }
        }
        return false
    }

    /// Fills `line` up to its line break; true when it is whole and holds at most `limit` bytes.
    private mutating func readLine(
        _ input: inout InputCursor, limit: Int, _ excess: HTTPProtocolError
    ) throws(HTTPProtocolError) -> Bool {
        while let byte = input.next() {
            guard (byte == ASCII.lineFeed) == (line.last == ASCII.carriageReturn) else { throw .malformedChunk }
            if byte == ASCII.lineFeed {
                line.removeLast()
                return true
            }
            line.append(byte)
            guard line.count <= limit || line.count == limit + 1 && byte == ASCII.carriageReturn else { throw excess }
        }
        return false
    }

    /// Reads `line` as a size and its extensions.
    private mutating func startChunk(_ body: BodyCollector) throws(HTTPProtocolError) {
        var size: UInt64 = 0
        let digits = line.prefix { ASCII.hexValue($0) != nil }
        guard !digits.isEmpty, digits.count <= 16 else { throw .malformedChunk }
        for digit in digits { size = size << 4 | UInt64(ASCII.hexValue(digit) ?? 0) }
        let rest = line[digits.endIndex...]
        guard rest.allSatisfy(ASCII.isFieldContent),
            rest.isEmpty || rest.first(where: { !ASCII.isBlank($0) }) == ASCII.semicolon
        else { throw .malformedChunk }
        extensionBytes += rest.count
        guard extensionBytes <= limits.headBytes else { throw .malformedChunk }
        guard size <= UInt64(max(0, body.allowance)) else { throw .payloadTooLarge }
        line.removeAll(keepingCapacity: true)
        stage = size == 0 ? .trailer : .data(Int(size))
    }

    private mutating func checkTrailer() throws(HTTPProtocolError) {
        trailerCount += 1
        guard trailerCount <= limits.fieldCount else { throw .headTooLarge }
        trailerBytes += line.count + 2
        let checked = line.withUnsafeBytes { bytes in
            Result { () throws(HTTPProtocolError) in try HTTPHeaders.Field(bytes, 0..<bytes.count) }
        }
        _ = try checked.get()
        line.removeAll(keepingCapacity: true)
    }
}
