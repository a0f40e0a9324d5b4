// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Testing

@Suite("Chunked bodies")
struct ChunkedBodyTests {
    private func request(_ body: String) -> String {
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    }

    @Test(
        "A valid body is put together however it is cut",
        arguments: [
            ("0\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"), ("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc"),
            ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"), ("0000A\r\n0123456789\r\n00\r\n\r\n", "0123456789"),
            ("3;name=value;x\r\nabc\r\n0;last\r\n\r\n", "abc"), ("3 \t;n\r\nabc\r\n0\r\n\r\n", "abc"),
            ("4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"), ("1\r\nx\r\n0\r\nT: 1\r\nU:\r\n\r\n", "x"),
        ])
    func reads(_ body: String, _ content: String) {
        let run = ParserRun.dripped(request(body) + "GET /next HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(run.error == nil)
        #expect(run.bodies.first == Array(content.utf8))
        #expect(run.heads.map(\.target) == ["/", "/next"])
    }

    @Test(
        "A malformed body is refused however it is cut",
        arguments: [
            "\r\n", "x\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", " 1\r\na", "1 \r\na", "1\n", "1\ra", "1\r\nab", "1\r\na\rb",
            "1\r\na\n", "1\r\n\r\n\r\n\r\n", "1;\u{0}\r\n", "1;a\rb\r\n", "1,2\r\n", "11111111111111111\r\n",
            ";x\r\n",
        ])
    func refuses(_ body: String) {
        #expect(ParserRun.dripped(request(body)).error == .malformedChunk)
    }

    @Test("A chunk size that no integer holds is refused, not added up")
    func refusesHugeSizes() {
        for size in ["ffffffffffffffff", "7fffffffffffffff", "8000000000000000"] {
            #expect(ParserRun.dripped(request("\(size)\r\n")).error == .payloadTooLarge)
            #expect(ParserRun.dripped(request("1\r\na\r\n\(size)\r\n")).error == .payloadTooLarge)
        }
    }

    @Test("Content at the body limit is read and one byte more is 413")
    func limitsContent() {
        #expect(ParserRun.dripped(request("5\r\nhello\r\n0\r\n\r\n"), bodyLimit: 5).error == nil)
        #expect(ParserRun.dripped(request("6\r\nhello!\r\n0\r\n\r\n"), bodyLimit: 5).error == .payloadTooLarge)
        #expect(ParserRun.dripped(request("3\r\nhel\r\n3\r\nlo!\r\n"), bodyLimit: 5).error == .payloadTooLarge)
    }

    @Test("A size line at its limit is read and one byte more is refused")
    func limitsSizeLine() {
        var limits = HTTPLimits()
        limits.chunkLineBytes = 12
        let fits = "1;" + String(repeating: "e", count: 10)
        #expect(ParserRun.dripped(request("\(fits)\r\na\r\n0\r\n\r\n"), limits: limits).error == nil)
        #expect(ParserRun.dripped(request("\(fits)e\r\na\r\n0\r\n\r\n"), limits: limits).error == .malformedChunk)
        #expect(ParserRun.dripped(request("\(fits)eeeeee"), limits: limits).error == .malformedChunk)
    }

    @Test("All extensions of a body together are bounded")
    func limitsExtensions() {
        var limits = HTTPLimits()
        limits.headBytes = 100
        let chunk = "1;" + String(repeating: "e", count: 24) + "\r\na\r\n"
        let four = String(repeating: chunk, count: 4)
        #expect(ParserRun.dripped(request(four + "0\r\n\r\n"), limits: limits).error == nil)
        #expect(ParserRun.dripped(request(four + "0;\r\n\r\n"), limits: limits).error == .malformedChunk)
    }

    @Test("Trailers are checked, counted and bounded")
    func limitsTrailers() {
        var limits = HTTPLimits()
        limits.fieldCount = 3
        limits.headBytes = 80
        let end = "1\r\na\r\n0\r\n"
        #expect(ParserRun.dripped(request(end + "A: 1\r\nB: 2\r\nC: 3\r\n\r\n"), limits: limits).error == nil)
        let four = end + "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n"
        #expect(ParserRun.dripped(request(four), limits: limits).error == .headTooLarge)
        let long = end + "A: " + String(repeating: "a", count: 100)
        #expect(ParserRun.dripped(request(long), limits: limits).error == .headTooLarge)
        #expect(ParserRun.dripped(request(end + "A : 1\r\n\r\n")).error == .malformedHeader)
        #expect(ParserRun.dripped(request(end + " folded\r\n\r\n")).error == .malformedHeader)
    }
}
