// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Hostile and broken checkpoint files")
struct HostileFileTests {
    static let files = ["odd.zip.pt", "odd.legacy.pt", "odd-typed.safetensors", "rich4.zip.pt", "rich.legacy.pt"]
    let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    @Test("A file cut short anywhere is refused", arguments: files)
    func truncations(name: String) throws {
        let whole = try Fixture.bytes(name)
        // Every length is tried for the small files, every third for the others.
        for length in stride(from: 0, to: whole.count, by: whole.count > 5000 ? 3 : 1) {
            #expect(throws: CheckpointError.self, "\(length) bytes") { try scratch.open(Array(whole.prefix(length))) }
        }
    }

    @Test("Seeded mutations give a typed error or tensors, never a crash", arguments: files)
    func mutations(name: String) throws {
        let whole = try Fixture.bytes(name)
        var random = SeededGenerator(seed: 11)
        var refused = 0
        for _ in 0..<2000 {
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
        let checkpoint = try scratch.open(try Fixture.bytes(name))
        #expect(checkpoint.entries.map(\.name) == ["conv1.weight"])
        let current = FileManager.default.currentDirectoryPath
        #expect(!FileManager.default.fileExists(atPath: current + "/executed-by-a-pickle"))
    }

    @Test("A missing file, a folder and an empty file are named")
    func notAFile() throws {
        for (path, reason) in [("/nonexistent/x", "No such file"), (scratch.url.path, "not a regular file")] {
            let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(path) }
            #expect(error?.description.contains(reason) == true)
        }
        #expect(throws: CheckpointError.self) { try scratch.open([]) }
    }

    @Test("A file that is cut short or written over after it was opened gives the tensors it had")
    func changedWhileOpen() throws {
        let path = scratch.path("changing")
        try Data(try Fixture.bytes("odd-typed.safetensors")).write(to: URL(fileURLWithPath: path))
        let checkpoint = try Checkpoint.open(path)
        let name = try #require(checkpoint.entries.first { $0.type.isConvertible }?.name)
        let before = try checkpoint.tensor(name)
        // In a mapping of the file the pages behind its end are not there any more: touching one ends the process.
        #expect(truncate(path, 0) == 0)
        let after = try checkpoint.tensor(name)
        #expect(before.withUnsafeBuffer { $0.map(\.bitPattern) } == after.withUnsafeBuffer { $0.map(\.bitPattern) })
    }

    @Test("A file of as many bytes as are allowed is read, one of more is refused unread")
    func fileLimit() throws {
        let bytes = try Fixture.bytes("odd-typed.safetensors")
        var limits = CheckpointLimits()
        limits.fileBytes = bytes.count
        _ = try scratch.open(bytes, limits: limits)
        limits.fileBytes -= 1
        let error = #expect(throws: CheckpointError.self) { try scratch.open(bytes, limits: limits) }
        #expect(error?.description.contains("more than \(bytes.count - 1) bytes") == true)
    }
}
