// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

/// A folder of its own for a test's files, removed when the test is over.
final class Scratch {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("facet-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    /// Opens `bytes` as a checkpoint and reads every tensor.
    func open(_ bytes: [UInt8]) throws(CheckpointError) -> Checkpoint {
        let path = path(UUID().uuidString)
        _ = FileManager.default.createFile(atPath: path, contents: Data(bytes))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let checkpoint = try Checkpoint.open(path)
        for entry in checkpoint.entries { _ = try checkpoint.tensor(entry.name) }
        return checkpoint
    }
}

@Suite("Hostile and broken checkpoint files")
struct HostileFileTests {
    static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures")
    static let files = ["odd.zip.pt", "odd.legacy.pt", "odd-typed.safetensors"]
    let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: fixtures.appendingPathComponent(name)))
    }

    @Test("A file cut short anywhere is refused", arguments: files)
    func truncations(name: String) throws {
        let whole = try Self.bytes(name)
        for length in 0..<whole.count {
            #expect(throws: CheckpointError.self, "\(length) bytes") { try scratch.open(Array(whole.prefix(length))) }
        }
    }

    @Test("Seeded mutations give a typed error or tensors, never a crash", arguments: files)
    func mutations(name: String) throws {
        let whole = try Self.bytes(name)
        var random = SeededGenerator(seed: 11)
        var refused = 0
        for _ in 0..<3000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                bytes[position] =
                    [0, 0xFF, 0x7F, 0x80, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
            }
            do throws(CheckpointError) { _ = try scratch.open(bytes) } catch { refused += 1 }
        }
        #expect(refused > 100)
    }

    @Test(
        "A pickle that would run a command runs nothing and its tensors are read",
        arguments: ["evil.zip.pt", "evil.legacy.pt"])
    func codeInPickle(name: String) throws {
        let checkpoint = try scratch.open(try Self.bytes(name))
        #expect(checkpoint.entries.map(\.name) == ["conv1.weight"])
        let current = FileManager.default.currentDirectoryPath
        #expect(!FileManager.default.fileExists(atPath: current + "/executed-by-a-pickle"))
    }

    @Test(
        "Headers that lie are refused with the tensor's name or the rule",
        arguments: [
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "needs 8 bytes"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, "before the file does"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "begin at offset 0"),
            (
                #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
                4, "begin at offset 4"
            ),
            (#"{"a":{"dtype":"F32","shape":[9223372036854775807,9],"data_offsets":[0,4]}}"#, 4, "impossible"),
            (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "impossible"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "not a range"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4, "not a range"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775807]}}"#, 4, "cut short"),
            (#"{"a":{"dtype":"Q7","shape":[1],"data_offsets":[0,4]}}"#, 4, "element type 'Q7'"),
            (#"{"a":{"shape":[1],"data_offsets":[0,4]}}"#, 4, "dtype"),
            (#" {"a":1}"#, 0, "begin with '{'"),
            (#"{"a""#, 0, "not JSON"),
        ])
    func lyingHeaders(header: String, body: Int, expected: String) throws {
        let text = Array(header.utf8)
        let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
        let error = #expect(throws: CheckpointError.self) {
            try scratch.open(length + text + [UInt8](repeating: 0, count: body))
        }
        #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
    }

    @Test("A header length past the end or beyond the limit is refused without reading")
    func headerLengths() throws {
        for length: UInt64 in [9, 100_000_001, .max] {
            let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + Array("{}".utf8)
            #expect(throws: CheckpointError.self) { try scratch.open(bytes) }
        }
    }

    @Test("Deeply nested and self-repeating pickles cost little and do not crash")
    func nestedPickles() throws {
        let magic: [UInt8] = [
            0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
        ]
        let head = magic + [0x80, 2, UInt8(ascii: "M"), 0xE9, 3, 0x2E] + [0x80, 2, UInt8(ascii: "}"), 0x2E]
        let deep =
            [UInt8](repeating: UInt8(ascii: "]"), count: 300_000)
            + [UInt8](repeating: UInt8(ascii: "a"), count: 299_999)
        #expect(throws: CheckpointError.self) { try scratch.open(head + [0x80, 2] + deep + [0x2E]) }
        // A dictionary whose values are each other, ten levels of ten: a walk without a bound would take 10^10 steps.
        var bomb: [UInt8] = [0x80, 2]
        for level in 0..<11 {
            bomb += [UInt8(ascii: "}"), UInt8(ascii: "(")]
            for item in 0..<10 {
                bomb += [UInt8(ascii: "K"), UInt8(item)]
                bomb += level == 0 ? [UInt8(ascii: "N")] : [UInt8(ascii: "h"), UInt8(level - 1)]
            }
            bomb += [UInt8(ascii: "u"), UInt8(ascii: "q"), UInt8(level)]
            if level < 10 { bomb += [UInt8(ascii: "0")] }
        }
        let error = #expect(throws: CheckpointError.self) {
            try scratch.open(head + bomb + [0x2E] + [0x80, 2, UInt8(ascii: "]"), 0x2E])
        }
        #expect(error?.description.contains("200,000") == true)
    }

    @Test("A missing file, a folder and an empty file are named")
    func notAFile() throws {
        for (path, reason) in [("/nonexistent/x", "No such file"), (scratch.url.path, "not a regular file")] {
            let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(path) }
            #expect(error?.description.contains(reason) == true)
        }
        #expect(throws: CheckpointError.self) { try scratch.open([]) }
    }
}
