// SPDX-License-Identifier: Apache-2.0

import EmbeddingAPI
import Foundation
import TestSupport
import Testing

@Suite("Reading JSON")
struct JSONReaderTests {
    private static let sample = """
         {"model" : "facet\\u002dsmall\\ud83d\\ude00é","input":[ "aGVsbG8=" ,{"image":"\\/\\b\\f\\n\\r\\t\\"\\\\"}, -0.5e+3,
        0, 12,1E5 ,true,false , null,[],{}, [[[]]] ], "a\\tb":-0 }\r
        """

    @Test("Values come back as they were written")
    func values() throws {
        var json = JSONReader(Array(#" { "a" : [ 1 , -2.5e1, true, null ,"\u00e9\ud83d\ude00\/" ] , "b":{} } "#.utf8))
        try json.beginObject()
        #expect(try json.nextName() == "a")
        try json.beginArray()
        #expect(try json.nextElement())
        #expect(try json.integer() == 1)
        #expect(try json.nextElement())
        #expect(try json.number() == -25)
        #expect(try json.nextElement())
        #expect(try json.truth())
        #expect(try json.nextElement())
        #expect(try json.kind() == .null)
        try json.null()
        #expect(try json.nextElement())
        #expect(try json.string() == "é😀/")
        #expect(try !json.nextElement())
        #expect(try json.nextName() == "b")
        try json.beginObject()
        #expect(try json.nextName() == nil)
        #expect(try json.nextName() == nil)
        try json.end()
    }

    @Test(
        "A string of every length to 40 ends where it ends, whatever stands in it",
        arguments: ["", "\\n", "\\u0041", "é"])
    func runs(inset: String) throws {
        for count in 0...40 {
            for place in 0...count {
                let text = String(repeating: "x", count: place) + inset + String(repeating: "~", count: count - place)
                var json = JSONReader(Array("\"\(text)\" ".utf8))
                let expected = text.replacing("\\n", with: "\n").replacing("\\u0041", with: "A")
                #expect(try json.string() == expected)
                try json.end()
            }
        }
    }

    @Test(
        "Texts that are not JSON are refused",
        arguments: [
            "", " ", "[1,]", "[,1]", "[1 2]", #"{"a":1,}"#, #"{"a" 1}"#, #"{"a"}"#, "{a:1}", "{1:1}", "[1}", "[", "{",
            "]",
            "[1]x", "1 2", "01", "-01", "-", "+1", "1.", ".5", "1e", "1e+", "0x1", "NaN", "Infinity", "nul", "truee",
            "TRUE",
            "'a'", #""a"#, "\"\u{1}\"", "\"a\nb\"", #""\x""#, #""\u12""#, #""\u12G4""#, #""\ud800""#,
            #""\ud800\u0041""#,
            #""\udc00""#, #""\ud800\ud800""#, #""\"#, "\u{FEFF}1", "// c\n1", "[1]\u{0}",
        ])
    func malformed(text: String) {
        #expect(!isTaken(Array(text.utf8)))
    }

    @Test("Bytes that are not UTF-8 are refused: cut off, overlong, surrogates, beyond Unicode")
    func invalidUTF8() {
        for bytes in [[0xFF], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80]] as [[UInt8]] {
            #expect(!isTaken([0x22] + bytes + [0x22]), "\(bytes)")
            #expect(!isTaken([0x22, 0x5C, 0x6E] + bytes + [0x22]), "\(bytes)")
        }
        #expect(isTaken(Array("\"é\u{10FFFF}\"".utf8)))
    }

    @Test("32 containers within each other are read and 33 are not")
    func depth() {
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            let text = { (depth: Int) in
                Array((String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
            }
            #expect(isTaken(text(32)))
            #expect(failure(text(33)) == .tooDeep(at: 32 * open.utf8.count))
        }
        #expect(!isTaken([UInt8](repeating: 0x5B, count: 1_000_000)))
    }

    @Test("A name that comes twice in an object is refused, however it is written")
    func duplicates() {
        #expect(failure(Array(#"{"a":1,"\u0061":2}"#.utf8)) == .duplicateName(at: 7))
        #expect(isTaken(Array(#"{"a":{"a":1},"b":{"a":1}}"#.utf8)))
    }

    @Test("Whole numbers are whole however they are written")
    func integers() throws {
        for (text, value) in [
            ("256", 256), ("256.0", 256), ("2.56e2", 256), ("-0", 0), ("9223372036854775807", Int.max),
        ] {
            var json = JSONReader(Array(text.utf8))
            #expect(try json.integer() == value)
        }
        for text in ["1.5", "1e400", "9223372036854775808", "1e-1"] {
            #expect(throws: JSONError.unexpected(.number, at: 0)) {
                var json = JSONReader(Array(text.utf8))
                _ = try json.integer()
            }
        }
    }

    @Test("A value of another kind is named by its kind and place")
    func kinds() {
        #expect(throws: JSONError.unexpected(.array, at: 1)) {
            var json = JSONReader(Array(" []".utf8))
            _ = try json.string()
        }
        #expect(throws: JSONError.unexpected(.null, at: 0)) {
            var json = JSONReader(Array("null".utf8))
            try json.beginObject()
        }
    }

    @Test("A text cut off at any byte is refused")
    func truncation() {
        let bytes = Array(Self.sample.utf8)
        #expect(isTaken(bytes))
        let end = bytes.lastIndex(of: 0x7D) ?? 0
        for count in 0...end { #expect(!isTaken(Array(bytes[..<count])), "cut at \(count)") }
    }

    /// Foundation's one liberty: it takes a comma after the last value.
    private static var lastComma: Regex<Substring> { /,[ \n\r\t]*[\]}]/ }

    @Test("20,000 mutations never trap, and are taken when Foundation takes them, but for a comma after the last value")
    func mutations() {
        var generator = SeededGenerator(seed: 29)
        let interesting = Array("{}[]:,\"\\u0e-+.ntf 1\u{1F}é".utf8) + [0x80, 0xFF]
        var taken = 0
        for _ in 0..<20_000 {
            var bytes = Array(Self.sample.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                let byte = interesting.randomElement(using: &generator) ?? 0
                switch Int.random(in: 0...3, using: &generator) {
                case 0: bytes[place] = byte
                case 1: bytes.insert(byte, at: place)
                case 2: bytes.remove(at: place)
                default: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
                }
            }
            let ours = failure(bytes)
            if case .duplicateName = ours { continue }
            let theirs = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            if ours == nil { taken += 1 }
            guard (ours == nil) != (theirs != nil) else { continue }
            let text = String(decoding: bytes, as: UTF8.self)
            if ours == nil || !text.contains(Self.lastComma) { Issue.record("\(text): \(String(describing: ours))") }
        }
        #expect(taken > 1000, "only \(taken) mutations were still JSON")
    }

    // MARK: Walking through whatever comes

    private func isTaken(_ bytes: [UInt8]) -> Bool { failure(bytes) == nil }

    private func failure(_ bytes: [UInt8]) -> JSONError? {
        do throws(JSONError) {
            var json = JSONReader(bytes)
            try walk(&json)
            try json.end()
            return nil
        } catch {
            return error
        }
    }

    private func walk(_ json: inout JSONReader) throws(JSONError) {
        switch try json.kind() {
        case .object:
            try json.beginObject()
            while try json.nextName() != nil { try walk(&json) }
        case .array:
            try json.beginArray()
            while try json.nextElement() { try walk(&json) }
        case .string: _ = try json.string()
        case .number: _ = try json.number()
        case .truth: _ = try json.truth()
        case .null: try json.null()
        }
    }
}
