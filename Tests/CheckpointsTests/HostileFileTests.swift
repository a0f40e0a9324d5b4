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
}
