// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Testing

@Suite("Requests that follow the rules")
struct RequestParserTests {
    @Test("Every valid request gives the same events however it is cut", arguments: validRequests)
    func dripFeeds(_ text: String) {
        let run = ParserRun.dripped(text)
        #expect(run.error == nil)
        #expect(run.heads.count == 1 && run.bodies.count == 1)
    }

    @Test("Requests in a row are read one after the other however they are cut")
    func readsPipeline() {
        let run = ParserRun.dripped(validRequests.joined())
        #expect(run.error == nil)
        #expect(run.heads.map(\.target) == validRequests.flatMap { ParserRun([Array($0.utf8)]).heads.map(\.target) })
        #expect(run.bodies.map(\.count) == [0, 0, 5, 0, 15, 1, 0, 0, 0, 2])
    }

    @Test("A head gives its method, target, fields and version")
    func readsHead() throws {
        let text =
            "POST /v1/a%20b?x=1 HTTP/1.1\r\nHost: h\r\nX-One: 1\r\nx-one:  two words \r\nContent-Length: 3\r\n\r\nabc"
        let run = ParserRun.dripped(text)
        let head = try #require(run.heads.first)
        #expect(head.method == .post && head.version == .http11)
        #expect(head.target == "/v1/a%20b?x=1" && head.path == "/v1/a b" && head.pathSegments == ["v1", "a b"])
        #expect(head.query("x") == "1" && head.query("y") == nil)
        #expect(head.headers.first("X-ONE") == "1" && head.headers.all("x-One") == ["1", "two words"])
        #expect(head.contentLength == 3 && !head.isChunked && head.keepsAlive)
        #expect(run.bodies == [Array("abc".utf8)])
    }

    @Test(
        "Persistence follows version and Connection",
        arguments: [
            ("HTTP/1.1", "", true), ("HTTP/1.0", "", false), ("HTTP/1.1", "close", false), ("HTTP/1.1", "Close", false),
            ("HTTP/1.0", "keep-alive", true), ("HTTP/1.0", "foo , Keep-Alive", true), ("HTTP/1.1", "x, close", false),
            ("HTTP/1.0", "keep-alive, close", false), ("HTTP/1.1", "closed", true),
        ])
    func decidesPersistence(_ version: String, _ option: String, _ keeps: Bool) {
        let line = option.isEmpty ? "" : "Connection: \(option)\r\n"
        let run = ParserRun.dripped("GET / \(version)\r\nHost: h\r\n\(line)\r\n")
        #expect(run.heads.first?.keepsAlive == keeps)
    }

    @Test("A minor version above 1 counts as 1.1")
    func readsHigherMinor() {
        #expect(ParserRun.dripped("GET / HTTP/1.2\r\nHost: h\r\n\r\n").heads.first?.version == .http11)
    }

    @Test(
        "The expectation of 100-continue counts only in HTTP/1.1 and with a body",
        arguments: [
            ("HTTP/1.1", "Content-Length: 1\r\n\r\nx", true), ("HTTP/1.1", "Content-Length: 0\r\n\r\n", false),
            ("HTTP/1.1", "\r\n", false), ("HTTP/1.0", "Content-Length: 1\r\n\r\nx", false),
        ])
    func readsExpectation(_ version: String, _ rest: String, _ expects: Bool) {
        let run = ParserRun.dripped("POST / \(version)\r\nHost: h\r\nExpect: 100-Continue\r\n\(rest)")
        #expect(run.heads.first?.expectsContinue == expects)
    }

    @Test("A body arrives whole through its direct path, and costs little before it arrives")
    func receivesDirectly() {
        let length = 300_000
        let head = Array("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\r\nab".utf8)
        var parser = RequestParser()
        let sent = (0..<(length - 2)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        head.withUnsafeBytes { bytes in
            var input = InputCursor(bytes)
            guard case .head = parser.next(&input) else { return }
            parser.collectBody(limit: length)
            guard case .needMore = parser.next(&input) else { return }
        }
        var position = 0
        var largest = 0
        while parser.bodyRoom > 0 {
            let got = parser.receiveBody { free in
                largest = max(largest, free.count)
                let count = min(free.count, 50_001, sent.count - position)
                sent[position..<(position + count)].withUnsafeBytes { free.copyMemory(from: $0) }
                return count
            }
            position += got
        }
        #expect(largest <= 256 * 1024)
        var nothing = InputCursor(UnsafeRawBufferPointer(start: nil, count: 0))
        guard case .bodyEnd = parser.next(&nothing) else {
            Issue.record("the body has not ended")
            return
        }
        #expect(parser.takeBody() == Array("ab".utf8) + sent)
    }
}
