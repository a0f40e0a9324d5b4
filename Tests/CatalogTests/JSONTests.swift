// SPDX-License-Identifier: Apache-2.0

import Testing
import TestSupport

import Catalog

struct JSONTests {
    @Test(
        "Metadata has one canonical text",
        arguments: [
            (#" { "b" : 1.0 , "a" : [ true , null , -0 ] } "#, #"{"a":[true,null,0],"b":1}"#),
            (#"{"x":1e2,"y":0.1,"z":-2.5e-7}"#, #"{"x":100,"y":0.1,"z":-2.5e-07}"#),
            (#"{"s":"\u00e9\n\/\ud83d\ude00\u001f\""}"#, #"{"s":"é\u000a/😀\u001f\""}"#),
            (
                #"{"n":9223372036854775807,"m":9223372036854775808}"#,
                #"{"m":9.223372036854776e+18,"n":9223372036854775807}"#
            ),
        ])
    func canonical(_ input: String, _ text: String) throws {
        #expect(try Metadata(Array(input.utf8)).text == text)
        #expect(try Metadata(Array(text.utf8)).text == text)
    }

    @Test(
        "Malformed metadata is refused",
        arguments: [
            "", "{", "{}x", "[1]", "1", "{\"a\":01}", "{\"a\":1.}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1e}", "{a:1}",
            "{\"a\":1,}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\\u0000\"}", "{\"a\":\"\n\"}", "{\"a\":1,\"a\":2}",
            "{\"a\":1e999}", "{\"a\":nul}", "{\"a\":\"\\x\"}", "{\"a\"}", "{\"a\":\"\\u12\"}",
        ])
    func malformed(_ input: String) {
        #expect(throws: CatalogError.self) { try Metadata(Array(input.utf8)) }
    }

    @Test("Bytes that are not UTF-8 are refused")
    func encoding() {
        let bytes = Array(#"{"a":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)
        #expect(throws: CatalogError.invalidMetadata(.malformed(offset: 5))) { try Metadata(bytes) }
    }

    @Test("Depth and size are accepted at their limit and refused beyond")
    func limits() throws {
        var limits = CatalogLimits()
        limits.jsonDepth = 3
        limits.metadataBytes = 20
        _ = try Metadata(Array(#"{"a":[[1]]}"#.utf8), limits: limits)
        #expect(throws: CatalogError.invalidMetadata(.tooDeep(limit: 3))) {
            try Metadata(Array(#"{"a":[[[]]]}"#.utf8), limits: limits)
        }
        _ = try Metadata(Array(#"{"a":"123456789012"}"#.utf8), limits: limits)
        #expect(throws: CatalogError.invalidMetadata(.tooLarge(limit: 20, found: 21))) {
            try Metadata(Array(#"{"a":"1234567890123"}"#.utf8), limits: limits)
        }
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 100_000)
        #expect(throws: CatalogError.invalidMetadata(.tooDeep(limit: 16))) { try Metadata(deep) }
    }

    @Test("Canonical text of random values reads back as the same value")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<500 {
            let value = JSONValue.random(&generator, depth: 4)
            #expect(try JSONValue(Array(value.canonicalText.utf8), depth: 16, size: 1 << 20) == value)
        }
    }

    @Test("Keys that look alike are different keys")
    func keys() throws {
        let metadata = try Metadata(Array("{\"\u{E9}\":1,\"e\u{301}\":2}".utf8))
        #expect(try metadata.value.value(at: ["\u{E9}"]) == .integer(1))
    }
}

extension JSONValue {
    /// A small value out of few keys and texts, so that filters meet it.
    static func random(_ generator: inout SeededGenerator, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 7), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .integer(Int64.random(in: -3...3, using: &generator))
        case 3: return .integer([Int64.max, Int64.min, 1 << 53, (1 << 53) + 1].randomElement(using: &generator) ?? 0)
        case 4: return exact(Double.random(in: -3...3, using: &generator)) ?? .null
        case 5:
            return exact([0.1, 0.3, 1e300, 9.007199254740993e15, 1e18, -2.5].randomElement(using: &generator) ?? 0)
                ?? .null
        case 6:
            let texts = ["", "red", "Red", "é", "e\u{301}", "1", "true", "a\"b\\", "\u{1F600}", "\u{FFFF}", "\n"]
            return .string(JSONString(texts.randomElement(using: &generator) ?? ""))
        case 7:
            let count = Int.random(in: 0..<4, using: &generator)
            return .array((0..<count).map { _ in random(&generator, depth: depth - 1) })
        default: return object(&generator, depth: depth - 1)
        }
    }

    static func object(_ generator: inout SeededGenerator, depth: Int) -> JSONValue {
        let keys: [JSONString] = ["$x", "0", "a", "b", "c d", "e.f", "é"]
        let chosen = keys.filter { _ in Int.random(in: 0..<3, using: &generator) > 0 }.sorted()
        return .object(chosen.map { JSONMember(key: $0, value: random(&generator, depth: depth)) })
    }
}
