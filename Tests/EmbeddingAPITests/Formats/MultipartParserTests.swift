// SPDX-License-Identifier: Apache-2.0

import EmbeddingAPI
import TestSupport
import Testing

@Suite("Multipart bodies")
struct MultipartParserTests {
    private static let type = "multipart/form-data; boundary=XX"
    private static let disposition = "Content-Disposition: form-data; name=\"image\""

    @Test("Parts come with name, filename, type and the range of their bytes; preamble and epilogue are skipped")
    func wellFormed() throws {
        let body = bytes(
            """
            preamble --XX\r\n--XX\r\nContent-Disposition: form-data; name="image"; filename="a b.png"\r
            Content-Type: image/png\r\n\r\nfirst\r\n--XX \t\r\ncontent-disposition:FORM-DATA; name=image;filename="c\\d"\r
            X-Other: 1\r\n\r\n\r\nsecond\r\n\r\n--XX\r\n\(Self.disposition)\r\n\r\n\r\n--XX--epilogue\r\n--XX\r\n
            """)
        let parts = try parse(body)
        #expect(parts.map(\.name) == ["image", "image", "image"])
        #expect(parts.map(\.filename) == ["a b.png", "c\\d", nil])
        #expect(parts.map(\.contentType) == ["image/png", nil, nil])
        #expect(parts.map { String(decoding: body[$0.body], as: UTF8.self) } == ["first", "\r\nsecond\r\n", ""])
    }

    @Test("An escaped quote, a semicolon and a boundary inside a quoted name are part of it")
    func quotedNames() throws {
        let head = #"Content-Disposition: form-data; x="; name=\"no"; name="a\"b;c=\\d%22""#
        #expect(try parse(bytes("--XX\r\n\(head)\r\n\r\n1\r\n--XX--")).map(\.name) == [#"a"b;c=\d%22"#])
    }

    @Test("What looks like a boundary within the data is data")
    func boundaryInside() throws {
        let data = "--XX\r\nx--XX--\r\n-XX--\r\n--X\r\r\n--Y\n--XX--\n\r--XX\r\n-\r\n--\r\n"
        let body = bytes("--XX\r\n\(Self.disposition)\r\n\r\n:\(data)\r\n--XX--\r\n")
        #expect(try parse(body).map { String(decoding: body[$0.body], as: UTF8.self) } == [":" + data])
    }

    @Test("Every byte value and every run of CR and LF before the boundary stays in the data")
    func binary() throws {
        let all = [UInt8](0...255)
        for tail in ["", "\r", "\n", "\r\n", "\r\r", "\n\r", "\r\n\r", "\r\n-", "\r\n--", "\r\n--X", "\u{0}"] {
            let data = all + Array(tail.utf8)
            let body = bytes("--XX\r\n\(Self.disposition)\r\n\r\n") + data + bytes("\r\n--XX--")
            #expect(try parse(body).map { Array(body[$0.body]) } == [data], "\(tail.debugDescription)")
        }
    }

    @Test("No parts at all is an empty list")
    func noParts() throws {
        #expect(try parse(bytes("--XX--\r\n")).isEmpty)
    }

    @Test(
        "Malformed bodies say what is wrong",
        arguments: [
            ("", .noParts), ("\r\n", .noParts), ("x--XX\r\n", .noParts), ("\n--XX\r\n", .noParts as MultipartError),
            ("--XX", .malformedPart), ("--XX\n", .malformedPart), ("--XX-", .malformedPart),
            ("--XXY\r\n", .malformedPart),
            ("--XX\r\n", .malformedPart), ("--XX\r\nno colon\r\n\r\n1\r\n--XX--", .malformedPart),
            ("--XX\r\n\r\n1\r\n--XX--", .noName), ("--XX\r\nContent-Type: a/b\r\n\r\n1\r\n--XX--", .noName),
            ("--XX\r\n@\n\r\n1\r\n--XX--", .malformedPart), ("--XX\r\n@\r\n", .malformedPart),
            ("--XX\r\n@\r\n\r\n1", .unterminated), ("--XX\r\n@\r\n\r\n1--XX--", .unterminated),
            ("--XX\r\n@\r\n\r\n1\n--XX--", .unterminated), ("--XX\r\n@\r\n\r\n1\r\n--XX", .malformedPart),
            ("--XX\r\n@\r\nX: a\rb\r\n\r\n1\r\n--XX--", .malformedPart),
            ("--XX\r\n@\r\nX: \u{0}\r\n\r\n", .malformedPart),
            ("--XX\r\n@\r\n--XX\r\n@\r\n\r\n1\r\n--XX--", .malformedPart),
            ("--XX\r\n@; name=b\r\n\r\n1\r\n--XX--", .noName),
            ("--XX\r\n@\r\n@\r\n\r\n1\r\n--XX--", .noName),
            ("--XX\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--XX--", .noName),
            ("--XX\r\n@\r\nContent-Transfer-Encoding: base64\r\n\r\n1\r\n--XX--", .transferEncoding),
        ])
    func malformed(text: String, error: MultipartError) {
        let body = text.replacing("@", with: Self.disposition)
        #expect(throws: error) { try parse(bytes(body)) }
    }

    @Test("A header that is not UTF-8 is refused")
    func invalidUTF8() {
        let body = bytes("--XX\r\n\(Self.disposition); filename=\"") + [0xFF] + bytes("\"\r\n\r\n1\r\n--XX--")
        #expect(throws: MultipartError.malformedPart) { try parse(body) }
    }

    @Test(
        "The boundary is read from the Content-Type, quoted or not",
        arguments: [
            "multipart/form-data; boundary=XX", "Multipart/Form-Data;charset=utf-8;BOUNDARY=\"XX\"",
            "multipart/form-data ; boundary=XX ; a=b",
        ])
    func contentTypes(type: String) throws {
        #expect(try MultipartParser(contentType: type).parse(bytes("--XX--")).isEmpty)
    }

    @Test(
        "A Content-Type without one well-formed boundary is refused",
        arguments: [
            "", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"",
            "multipart/mixed; boundary=XX", "multipart/form-data; boundary=a; boundary=b",
            "multipart/form-data; boundary=\"a \"",
            "multipart/form-data; boundary=a@b", "multipart/form-data; boundary=é", "multipart/form-data; boundary=\"a",
            "multipart/form-data; boundary=" + String(repeating: "a", count: 71),
        ])
    func wrongContentTypes(type: String) {
        #expect(throws: MultipartError.noBoundary) { try MultipartParser(contentType: type) }
    }

    @Test("Boundaries of 70 characters, with spaces and colons, are found")
    func oddBoundaries() throws {
        for boundary in [String(repeating: "-", count: 70), "a:b (c)?", "'()+_,-./:=?"] {
            let body = bytes("--\(boundary)\r\n\(Self.disposition)\r\n\r\n1\r\n--\(boundary)--")
            let parser = try MultipartParser(contentType: "multipart/form-data; boundary=\"\(boundary)\"")
            #expect(try parser.parse(body).count == 1)
        }
    }

    @Test("1024 parts and header lines of 8192 bytes are taken, one more of either is not")
    func limits() throws {
        let part = "--XX\r\n\(Self.disposition)\r\n\r\n1\r\n"
        let many = String(repeating: part, count: 1024)
        #expect(try parse(bytes(many + "--XX--")).count == 1024)
        #expect(throws: MultipartError.tooManyParts) { try parse(bytes(many + part + "--XX--")) }
        #expect(throws: MultipartError.tooManyParts) {
            try parse(bytes(String(repeating: "--XX\r\n\(Self.disposition)\r\n\r\n\r\n", count: 100_000)))
        }
        let filler = String(repeating: "x", count: 8192 - Self.disposition.utf8.count - "\r\nA: ".utf8.count)
        let long = { (more: String) in
            self.bytes("--XX\r\n\(Self.disposition)\r\nA: \(filler)\(more)\r\n\r\n1\r\n--XX--  ")
        }
        #expect(try parse(long("")).count == 1)
        #expect(throws: MultipartError.partHeadTooLong) { try parse(long("x")) }
    }

    @Test("A body cut off at any byte before its end, or with any byte changed, is read or refused")
    func mutations() throws {
        let sample = bytes(
            "p\r\n--XX\r\n\(Self.disposition)\r\n\r\nab\r\n--XX\r\n\(Self.disposition)\r\nA: b\r\n\r\n\r\n--XX--")
        #expect(try parse(sample).count == 2)
        for count in sample.indices { #expect(throws: MultipartError.self) { try parse(Array(sample[..<count])) } }
        var generator = SeededGenerator(seed: 17)
        var refusals = 0
        for place in sample.indices {
            for byte in [0, 0x0A, 0x0D, 0x22, 0x2D, 0x3A, 0x3B, UInt8.random(in: 0...255, using: &generator)] {
                var body = sample
                body[place] = byte
                guard let parts = try? parse(body) else {
                    refusals += 1
                    continue
                }
                for part in parts { #expect(part.body.upperBound <= body.count) }
            }
        }
        #expect(refusals > sample.count)
    }

    private func parse(_ body: [UInt8]) throws -> [MultipartPart] {
        try MultipartParser(contentType: Self.type).parse(body)
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
}
