// SPDX-License-Identifier: Apache-2.0

internal import ContrastiveTraining
internal import Foundation
internal import TestSupport
internal import Testing
internal import Vectors

@Suite("A folder of images")
struct ImageFolderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func scan() throws -> [ImageEntry] { try ImageFolder(scanning: folder.url).entries }

    /// The error of scanning; nil when there is none.
    private func problem() -> ImageSourceError? {
        do throws(ImageSourceError) {
            _ = try ImageFolder(scanning: folder.url)
            return nil
        } catch {
            return error
        }
    }

    @Test("Without a manifest, folders are labels and the order is that of the paths' bytes")
    func scanning() throws {
        try folder.copy("rgb.png", "b/x.png")
        try folder.copy("baseline.jpg", "a/deep/er/y.JPEG")
        try folder.copy("lossy.webp", "a/deep/z.webp")
        try folder.copy("gray.png", "top.png")
        try folder.copy("gray.jpg", "B/w.jpg")
        try folder.write([1, 2, 3], "a/notes.txt")
        try folder.copy("rgb.png", ".hidden/x.png")
        try folder.copy("rgb.png", "a/.thumbnail.png")
        let entries = try scan()
        #expect(entries.map(\.path) == ["B/w.jpg", "a/deep/er/y.JPEG", "a/deep/z.webp", "b/x.png", "top.png"])
        #expect(entries.map(\.category) == ["B", "a", "a", "b", ""])
        #expect(entries.map(\.subcategory) == ["", "deep", "deep", "", ""])
        #expect(entries[3].digest == ContentDigest(of: try Golden.image("rgb.png")))
    }

    @Test("The split follows from a file's bytes, whatever it is called, and takes a fifth")
    func splits() throws {
        for number in 0..<400 { try folder.write(Array("image \(number)".utf8), "c/\(number).png") }
        try folder.write(Array("image 7".utf8), "elsewhere/copy.png")
        let entries = try scan()
        let same = entries.filter { $0.path == "c/7.png" || $0.path == "elsewhere/copy.png" }
        #expect(same.count == 2 && same[0].split == same[1].split)
        let share = Double(entries.count { $0.split == .test }) / Double(entries.count)
        #expect(abs(share - 0.2) < 0.08)
        for entry in entries {
            let first = entry.digest.bytes.prefix(4).reduce(0.0) { $0 * 256 + Double($1) }
            #expect((entry.split == .test) == (first < 0.2 * 4_294_967_296))
        }
    }

    @Test("Links in a circle end, and a folder linked twice is entered once")
    func links() throws {
        try folder.copy("rgb.png", "a/x.png")
        let manager = FileManager.default
        try manager.createSymbolicLink(at: folder["a/self"], withDestinationURL: folder.url)
        try manager.createSymbolicLink(at: folder["b"], withDestinationURL: folder["a"])
        try manager.createSymbolicLink(at: folder["gone.png"], withDestinationURL: folder["nowhere.png"])
        try manager.createSymbolicLink(at: folder["linked.png"], withDestinationURL: folder["a/x.png"])
        #expect(try scan().map(\.path) == ["a/x.png", "linked.png"])
    }

    @Test("The digest follows the paths and the bytes")
    func digest() throws {
        try folder.copy("rgb.png", "a.png")
        try folder.copy("gray.png", "b.png")
        let first = try ImageFolder(scanning: folder.url)
        let lines = first.entries.map { "\($0.path)\0\($0.digest.hex)\n" }.joined()
        #expect(first.digest == ContentDigest(of: Array(lines.utf8)))
        try folder.copy("gray16.png", "b.png")
        #expect(try ImageFolder(scanning: folder.url).digest != first.digest)
    }

    @Test("A folder that is not there, is a file, or holds no image is named")
    func nothing() throws {
        #expect(problem() == .empty(path: folder.url.path, unreadable: 0))
        try folder.write([1], "file")
        for path in ["file", "missing"] {
            #expect {
                _ = try ImageFolder(scanning: folder[path])
            } throws: { error in
                guard case ImageSourceError.unreadable(folder[path].path, _) = error else { return false }
                return true
            }
        }
    }

    @Test("A manifest says which images there are, and what it leaves out follows from the file")
    func manifest() throws {
        let digest = try folder.copy("rgb.png", "a/x.png")
        try folder.copy("gray.png", "ignored.png")
        try folder.copy("gray.jpg", "b/y.jpg")
        try folder.write(
            text: """
                {"path":"b/y.jpg","category":"birds","subcategory":"owls","group":"g1","split":"test"}\r

                {"path":"a/x.png","category":"signs","subcategory":"","source":"s","licence":"CC0","sha256":"\(digest.hex)","split":"train","new":[1]}
                """, "manifest.jsonl")
        let entries = try scan()
        #expect(entries.map(\.path) == ["a/x.png", "b/y.jpg"])
        #expect(entries.map(\.category) == ["signs", "birds"])
        #expect(entries.map(\.subcategory) == ["", "owls"])
        #expect(entries.map(\.split) == [.train, .test])
        #expect(entries.map(\.group) == [nil, "g1"])
        #expect(entries[0].digest == digest)
        #expect(entries[1].digest == ContentDigest(of: try Golden.image("gray.jpg")))
    }

    @Test(
        "A wrong line of the manifest is refused with its number",
        arguments: [
            "{", "[]", #"{"path":"a.png"}"#, #"{"category":"c"}"#, #"{"path":3,"category":"c"}"#,
            #"{"path":"../a.png","category":"c"}"#, #"{"path":"/a.png","category":"c"}"#,
            #"{"path":"a/../../b.png","category":"c"}"#, #"{"path":"","category":"c"}"#,
            #"{"path":"a\u0000.png","category":"c"}"#, #"{"path":"a.png","category":"c","sha256":"12"}"#,
            #"{"path":"a.png","category":"c","split":"dev"}"#, #"{"path":"ok.png","category":"again"}"#,
            String(repeating: "[", count: 100_000),
        ])
    func wrongLine(_ line: String) throws {
        try folder.write(text: #"{"path":"ok.png","category":"c"}"# + "\n" + line, "manifest.jsonl")
        guard case .manifest(line: 2, let reason)? = problem() else {
            Issue.record("\(String(describing: problem()))")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test("An empty manifest is an empty folder, and bytes that are no text are refused")
    func oddManifests() throws {
        try folder.copy("rgb.png", "x.png")
        try folder.write(text: "\n\n", "manifest.jsonl")
        #expect(problem() == .empty(path: folder.url.path, unreadable: 0))
        try folder.write([0xFF, 0xFE, 0x00, 0x80], "manifest.jsonl")
        guard case .manifest(line: 1, _)? = problem() else {
            Issue.record("\(String(describing: problem()))")
            return
        }
    }
}
