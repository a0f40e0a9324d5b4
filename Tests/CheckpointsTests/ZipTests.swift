// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Tensors
import Testing

@Suite("The zip container")
struct ZipTests {
    let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    private func refuses(_ bytes: [UInt8], _ expected: String, at location: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: CheckpointError.self, sourceLocation: location) { try scratch.open(bytes) }
        #expect(
            error?.description.contains(expected) == true, "\(String(describing: error))", sourceLocation: location)
    }

    @Test(
        "A zip in 32 and in 64 bits is read, whatever its root folder", arguments: [false, true], ["m/", "", "a/b/"])
    func wellFormed(isWide: Bool, root: String) throws {
        var zip = ZipFile.checkpoint(root: root)
        zip.isWide = isWide
        let found = try scratch.open(zip.bytes)
        #expect(found.container == .torchZip)
        #expect(try found.tensor("x").values == [1, 2])
    }

    @Test("A compressed entry is refused with what to do")
    func compressed() {
        var zip = ZipFile.checkpoint()
        zip.method = 8
        refuses(zip.bytes, "compressed entry; save the checkpoint again with torch.save")
    }

    @Test("An entry that is not where the directory says is refused", arguments: [-1, 1, 7, 1 << 20, -(1 << 20)])
    func misplaced(by distance: Int) {
        for isWide in [false, true] {
            var zip = ZipFile.checkpoint()
            (zip.misplacedBy, zip.isWide) = (distance, isWide)
            refuses(zip.bytes, "not where the directory says")
        }
    }

    @Test("A zip64 place beyond every file is refused, not added to")
    func hugePlaces() {
        for place in [Int.max - 200, Int.max / 2] {
            var zip = ZipFile.checkpoint()
            zip.isWide = true
            zip.misplacedBy = place
            refuses(zip.bytes, "not where the directory says")
        }
    }

    @Test("A storage that is short, or missing, is named by its tensor")
    func storages() {
        refuses(
            ZipFile.checkpoint(storage: [0, 0, 0, 0]).bytes, "tensor 'x': its elements are 0...1 of a storage of 1")
        var zip = ZipFile.checkpoint()
        zip.entries.removeLast()
        refuses(zip.bytes, "tensor 'x': its storage is not in the file")
    }

    @Test("Zips that are no checkpoints are refused with what was looked for")
    func otherZips() {
        refuses(ZipFile(entries: [("word/document.xml", [1])]).bytes, "no data.pkl")
        refuses(ZipFile(entries: [("a/notdata.pkl", [1])]).bytes, "no data.pkl")
        var big = ZipFile.checkpoint()
        big.entries[1].bytes = Array("big".utf8)
        refuses(big.bytes, "big-endian")
        let twice = ZipFile(entries: ZipFile.checkpoint().entries + ZipFile.checkpoint().entries)
        refuses(twice.bytes, "two entries have one name")
        let long = ZipFile(entries: [(String(repeating: "a", count: 1025), [])] + ZipFile.checkpoint().entries)
        refuses(long.bytes, "a name of 1025 bytes")
    }

    @Test("A directory that lies about its place or its length is refused")
    func directories() {
        let bytes = ZipFile.checkpoint().bytes
        let end = bytes.count - 22
        for (at, value, expected) in [
            (16, [0xFF, 0xFF, 0xFF, 0x7F], "outside the file"), (16, [1, 0, 0, 0], "entry is missing"),
            (10, [4, 0], "entry is missing"), (10, [0xFF, 0xFF], "outside the file"),
        ] as [(Int, [UInt8], String)] {
            var broken = bytes
            broken.replaceSubrange((end + at)..<(end + at + value.count), with: value)
            refuses(broken, expected)
        }
    }

    @Test("Files of other kinds are refused by what they are")
    func otherFiles() {
        refuses(Array("version https://git-lfs.github.com/spec/v1\noid sha256:0".utf8), "git lfs pull")
        refuses([UInt8](repeating: 0x61, count: 257) + Array("ustar".utf8) + [0, 0], "PyTorch before 0.1.10")
        refuses([0x80, 4, 0x4E, 0x2E], "bare pickle")
        refuses(Array("<!DOCTYPE html><html>".utf8), "neither safetensors nor PyTorch's")
    }
}
