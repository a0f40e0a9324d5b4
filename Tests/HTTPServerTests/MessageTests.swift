// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPServer
import TestSupport
import Testing

@Suite("Targets, fields and dates")
struct MessageTests {
    @Test(
        "A path is cut before it is decoded",
        arguments: [
            ("/", "/", []), ("/a", "/a", ["a"]), ("/a/", "/a/", ["a", ""]), ("//", "//", ["", ""]),
            ("/a%2Fb/c", "/a/b/c", ["a/b", "c"]), ("/%C3%A9%20x", "/é x", ["é x"]), ("/a+b", "/a+b", ["a+b"]),
            ("http://h/x/y", "/x/y", ["x", "y"]), ("HTTPS://h:1", "/", []), ("http://[::1]?q", "/", []),
        ] as [(String, String, [String])])
    func readsPath(_ target: String, _ path: String, _ segments: [String]) throws {
        let head = try HTTPRequestHead(.get, target)
        #expect(head.target == target && head.path == path && head.pathSegments == segments)
    }

    @Test("A query keeps its order and decodes escapes and plus signs")
    func readsQuery() throws {
        let head = try HTTPRequestHead(.get, "/?b=2&a=x+y%2B&&c&d=&b=%3D=&e=1?2/3")
        #expect(head.query.map(\.name) == ["b", "a", "c", "d", "b", "e"])
        #expect(head.query.map(\.value) == ["2", "x y+", "", "", "==", "1?2/3"])
        #expect(head.query("b") == "2")
        #expect(try HTTPRequestHead(.get, "/?").query.isEmpty)
    }

    @Test("A head made by hand is checked like one from a socket")
    func checksHandMadeHeads() throws {
        let head = try HTTPRequestHead(.post, "/x", headers: ["Content-Length": "12", "X": "y"])
        #expect(head.contentLength == 12 && head.headers.first("x") == "y" && head.headers.first("host") == "localhost")
        #expect(throws: HTTPProtocolError.malformedTarget) { try HTTPRequestHead(.get, "/%") }
        #expect(throws: HTTPProtocolError.self) { try HTTPRequestHead(.get, "/ HTTP/1.1\r\n\r\nGET /") }
    }

    @Test("Fields are found whatever their case, replaced and removed")
    func editsHeaders() {
        var headers: HTTPHeaders = ["Content-Type": "a", "X": "1", "x": "2"]
        #expect(headers.first("CONTENT-TYPE") == "a" && headers.all("X") == ["1", "2"] && headers.first("Y") == nil)
        headers.set("X", "3")
        #expect(headers == ["content-type": "a", "x": "3"])
        headers.remove("content-TYPE")
        #expect(headers.pairs.map(\.name) == ["X"] && headers.count == 1)
    }

    @Test("No field value can end its line")
    func cleansValues() {
        let headers: HTTPHeaders = ["X": "a\r\nSet-Cookie: b\u{0}\u{7f}\tc"]
        #expect(headers.first("x") == "a  Set-Cookie: b  \tc")
    }

    @Test("A field name that is no token is our bug")
    func refusesNames() async {
        await #expect(processExitsWith: .failure) {
            var headers = HTTPHeaders()
            headers.add("X\r\nY", "1")
        }
    }

    @Test("The date is the one Foundation writes, on days picked over three centuries")
    func writesDates() {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        var generator = SeededGenerator(seed: 7)
        var seconds = [0, 951_782_399, 951_782_400, 951_868_800, 4_107_542_399, 4_107_542_400, 1_709_164_800]
        seconds += (0..<300).map { _ in Int.random(in: 0..<10_000_000_000, using: &generator) }
        for second in seconds {
            let wanted = formatter.string(from: Date(timeIntervalSince1970: Double(second)))
            #expect(String(decoding: HTTPDate(second: second).line, as: UTF8.self) == "Date: \(wanted)\r\n")
        }
    }

    @Test("The server's own fields cannot be set by a handler")
    func ownsFraming() {
        var harness = ConnectionHarness()
        harness.handler = { _, _ in
            HTTPResponse(
                status: 200,
                headers: [
                    "Content-Length": "99", "Transfer-Encoding": "chunked", "Date": "x", "Server": "y", "X": "z",
                ], body: [65])
        }
        harness.receive("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(harness.output == "HTTP/1.1 200 OK\r\nX: z\r\nContent-Length: 1\r\n\r\nA")
    }

    @Test("Statuses without content have no length, and HEAD keeps the length it is given")
    func writesBodiless() {
        var harness = ConnectionHarness()
        harness.handler = { head, _ in
            switch head.path {
            case "/204": HTTPResponse(status: 204, body: [65])
            case "/304": HTTPResponse(status: 304, body: [65])
            default: HTTPResponse(status: 200, headers: ["Content-Length": "7"])
            }
        }
        harness.receive("GET /204 HTTP/1.1\r\nHost: h\r\n\r\nGET /304 HTTP/1.1\r\nHost: h\r\n\r\n")
        harness.receive("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(
            harness.output == "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n")
    }
}
