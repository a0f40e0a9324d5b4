// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Tensors
import Testing

@Suite("The rules of safetensors")
struct SafetensorsRuleTests {
    let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    private func refuses(
        _ header: String, body: Int, _ expected: String, limits: CheckpointLimits = CheckpointLimits(),
        at location: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: CheckpointError.self, sourceLocation: location) {
            try scratch.open(safetensors(header, body: body), limits: limits)
        }
        #expect(
            error?.description.contains(expected) == true, "\(String(describing: error))", sourceLocation: location)
    }

    /// One F32 tensor of one element.
    private static let one = #""a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#

    @Test(
        "Headers that lie are refused with the tensor's name or the rule",
        arguments: [
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "needs 8 bytes"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, "before the file does"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "begin at offset 0"),
            (#"{\#(one),"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, "begin at offset 4"),
            (#"{\#(one),"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#, 12, "begin at offset 4, found 8"),
            (#"{\#(one),"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#, 6, "begin at offset 4, found 2"),
            (#"{"a":{"dtype":"F32","shape":[9223372036854775807,9],"data_offsets":[0,4]}}"#, 4, "impossible"),
            (#"{"a":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}}"#, 4, "impossible"),
            (#"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#, 2, "whole bytes"),
            (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "whole number of 0 or more"),
            (#"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#, 4, "expected a whole number"),
            (#"{"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}"#, 4, "begins with 0"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "not a range"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4, "not a range"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775807]}}"#, 4, "cut short"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775808]}}"#, 4, "64 bits"),
            (#"{"a":{"dtype":"Q7","shape":[1],"data_offsets":[0,4]}}"#, 4, "element type 'Q7'"),
            (#"{"a":{"shape":[1],"data_offsets":[0,4]}}"#, 4, "dtype"),
        ])
    func lyingHeaders(header: String, body: Int, expected: String) {
        refuses(header, body: body, expected)
    }

    @Test(
        "What is not the JSON of a header is refused",
        arguments: [
            (#" {"a":1}"#, "begin with '{'"), (#"{"a""#, "not JSON"), ("{", "not JSON"), ("{}x", "follows the header"),
            ("{}{}", "follows the header"), (#"{"a":1}"#, "expected '{'"), ("{,}", "not JSON"),
            (#"{"a":}"#, "not JSON"),
            (#"{"__metadata__":{"a":1}}"#, "expected '\"'"), (#"{"__metadata__":[]}"#, "expected '{'"),
            (#"{"\q":1}"#, "escape"), (#"{"\ud800":1}"#, "surrogate"), (#"{"\u12"#, "hexadecimal"),
            ("{\"a\nb\":1}", "not closed"),
            (#"{"a":{"dtype":"F32","shape":[1,],"data_offsets":[0,4]}}"#, "whole number"),
        ])
    func brokenJSON(header: String, expected: String) {
        refuses(header, body: 0, expected)
    }

    @Test(
        "Names, fields and keys that occur twice are refused",
        arguments: [
            #"{\#(one),\#(one)}"#, #"{\#(one),"\u0061":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}"#,
            #"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
            #"{"__metadata__":{"k":"1","k":"2"},\#(one)}"#, #"{"__metadata__":{},"__metadata__":{},\#(one)}"#,
        ])
    func duplicates(header: String) throws {
        let error = #expect(throws: CheckpointError.self) { try scratch.open(safetensors(header, body: 4)) }
        let text = try #require(error?.description)
        #expect(text.contains("twice") || text.contains("two entries"))
    }

    @Test("Text that is not UTF-8 is refused")
    func notUTF8() {
        let bytes: [UInt8] = [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]
        let error = #expect(throws: CheckpointError.self) { try scratch.open(little(UInt64(7)) + bytes) }
        #expect(error?.description.contains("UTF-8") == true)
    }

    @Test("Padding, unknown fields, any order, empty tensors and escaped names are read")
    func accepted() throws {
        let header = #"""
            {"b\u00e9\ud83d\ude00\n\/":{"data_offsets":[4,6],"x":{"y":[1,{"z":null}]},"shape":[2],"dtype":"U8"},
             "__metadata__":{"k":"v"},"e":{"dtype":"F64","shape":[0,7],"data_offsets":[4,4]},\#(Self.one)}
            """#
        let found = try scratch.open(safetensors(header + "      ", body: 6))
        #expect(found.entries.map(\.name) == ["a", "bé😀\n/", "e"] && found.metadata == ["k": "v"])
        #expect(found.shape(of: "e") == [0, 7])
        #expect(try scratch.open(safetensors("{}", body: 0)).entries.isEmpty)
    }

    @Test("Values within each other are read over to the limit and no further")
    func nesting() throws {
        var limits = CheckpointLimits()
        limits.headerDepth = 5
        func header(_ depth: Int) -> String {
            let value = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            return #"{"a":{"more":\#(value),"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
        }
        _ = try scratch.open(safetensors(header(5), body: 4), limits: limits)
        refuses(header(6), body: 4, "more than 5 values within each other", limits: limits)
        refuses(header(400_000), body: 4, "within each other")
        refuses(#"{"a":{"more":[}]}}"#, body: 4, "partner")
    }

    @Test("Headers, names and shapes are read up to their limit and not one over")
    func limits() throws {
        var limits = CheckpointLimits()
        let header = "{\(Self.one)}"
        limits.headerBytes = header.utf8.count
        _ = try scratch.open(safetensors(header, body: 4), limits: limits)
        limits.headerBytes -= 1
        refuses(header, body: 4, "over the limit", limits: limits)
        limits = CheckpointLimits()
        limits.nameBytes = 12
        for (name, isRead) in [("twelve_bytes", true), ("thirteen_byte", false)] {
            let named = #"{"\#(name)":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
            if isRead { _ = try scratch.open(safetensors(named, body: 4), limits: limits) }
            if !isRead { refuses(named, body: 4, "13 bytes", limits: limits) }
        }
        func shaped(_ rank: Int) -> String {
            let shape = [Int](repeating: 1, count: rank).description
            return #"{"a":{"dtype":"F32","shape":\#(shape),"data_offsets":[0,4]}}"#
        }
        _ = try scratch.open(safetensors(shaped(64), body: 4))
        refuses(shaped(65), body: 4, "more than 64")
    }

    @Test("Types that are not converted are described, and refused by name when read", arguments: ElementType.allCases)
    func describedTypes(type: ElementType) throws {
        let bytes = type.bits  // eight elements
        let header = #"{"a":{"dtype":"\#(type.rawValue)","shape":[8],"data_offsets":[0,\#(bytes)]}}"#
        let path = scratch.path(type.rawValue)
        try Array(safetensors(header, body: bytes)).withUnsafeBytes { try Data($0).write(to: .init(filePath: path)) }
        let found = try Checkpoint.open(path)
        #expect(found.entries == [TensorDescriptor(name: "a", type: type, shape: [8])])
        if type.isConvertible {
            #expect(try found.tensor("a").values == [Float](repeating: 0, count: 8))
        } else {
            #expect(throws: CheckpointError.wrongType(name: "a", found: type)) { try found.tensor("a") }
            #expect(throws: CheckpointError.wrongType(name: "a", found: type)) { try found.withFloats("a") { _ in } }
        }
    }

    @Test("Header lengths past the end or beyond the limit are refused without reading")
    func headerLengths() throws {
        for length: UInt64 in [9, 100_000_001, 1 << 62, .max] {
            #expect(throws: CheckpointError.self) { try scratch.open(little(length) + Array("{}".utf8)) }
        }
    }
}

private import Foundation
