// SPDX-License-Identifier: Apache-2.0

internal import Foundation
private import Vectors

/// Reads `manifest.jsonl`: a line of JSON for each image.
///
///     {"path":"animals/birds/owl.png","category":"animals","subcategory":"birds","source":"...","licence":"...",
///      "sha256":"<64 hexadecimal digits>","group":"...","split":"train"}
///
/// `path` and `category` must be there; a missing `sha256` is taken from the file, a missing `split` from the digest.
/// Other keys are left alone. The listed digest is trusted here and checked when the image is decoded.
struct ManifestReader {
    static let file = "manifest.jsonl"
    /// Bytes of the largest manifest that is read: about a million images.
    static let limit = 512 << 20

    let folder: URL

    private struct Line: Decodable {
        let path: String
        let category: String
        let subcategory: String?
        let sha256: String?
        let group: String?
        let split: String?
    }

    func entries() throws(ImageSourceError) -> [ImageEntry] {
        let url = folder.appendingPathComponent(Self.file)
        let bytes: [UInt8]
        do {
            bytes = try FileBytes.read(url, limit: Self.limit)
        } catch {
            throw .unreadable(path: url.path, reason: error.reason)
        }
        var seen: Set<String> = []
        var entries: [ImageEntry] = []
        let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.allSatisfy({ $0 == 32 || $0 == 13 || $0 == 9 }) {
            let entry = try entry(Data(line), number: index + 1)
            guard seen.insert(entry.path).inserted else {
                throw .manifest(line: index + 1, reason: "lists \(entry.path) again")
            }
            entries.append(entry)
        }
        return entries
    }

    private func entry(_ data: Data, number: Int) throws(ImageSourceError) -> ImageEntry {
        guard let line = try? JSONDecoder().decode(Line.self, from: data) else {
            throw .manifest(line: number, reason: "is not a JSON object with the texts \"path\" and \"category\"")
        }
        guard Self.isInside(line.path) else {
            throw .manifest(line: number, reason: "has the path \"\(line.path)\", which does not lie in the folder")
        }
        let digest = try digest(line, number)
        let split: ImageEntry.Split
        switch line.split.map({ ImageEntry.Split(rawValue: $0) }) {
        case .none: split = .init(of: digest)
        case .some(.some(let known)): split = known
        case .some(.none):
            throw .manifest(line: number, reason: "has a \"split\" that is neither \"train\" nor \"test\"")
        }
        return ImageEntry(
            path: line.path, category: line.category, subcategory: line.subcategory ?? "", split: split,
            group: line.group, digest: digest)
    }

    private func digest(_ line: Line, _ number: Int) throws(ImageSourceError) -> ContentDigest {
        guard let text = line.sha256 else {
            return FileBytes.digest(folder.appendingPathComponent(line.path))
                ?? ContentDigest(of: Array(line.path.utf8))
        }
        guard let digest = ContentDigest("sha256:" + text) else {
            throw .manifest(line: number, reason: "has a \"sha256\" that is not 64 hexadecimal digits")
        }
        return digest
    }

    /// Whether a path is relative and names no parent folder.
    private static func isInside(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return !path.utf8.contains(0) && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }
}
