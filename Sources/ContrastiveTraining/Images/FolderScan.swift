// SPDX-License-Identifier: Apache-2.0

internal import Foundation
private import Glibc
private import Vectors

/// Finds the images below a folder that has no manifest.
///
/// Names that start with a dot are left out. A folder is entered once, however many links lead to it, so a loop of links
/// ends; files that cannot be read are left for the cache to report, and count by their path.
struct FolderScan {
    let folder: URL

    private static let endings: Set<String> = ["png", "jpg", "jpeg", "webp"]
    /// Deeper folders are left out.
    private static let deepest = 64

    /// A folder by what it is, not by how it is called.
    private struct Identity: Hashable {
        let device: UInt
        let inode: UInt
    }

    func entries() throws(ImageSourceError) -> [ImageEntry] {
        var seen: Set<Identity> = []
        var paths: [String] = []
        try visit("", depth: 0, &seen, &paths)
        return paths.map(entry)
    }

    private func visit(
        _ relative: String, depth: Int, _ seen: inout Set<Identity>, _ paths: inout [String]
    ) throws(ImageSourceError) {
        let here = relative.isEmpty ? folder : folder.appendingPathComponent(relative)
        guard let identity = Self.identity(here.path), seen.insert(identity).inserted else {
            if depth == 0 { throw .unreadable(path: here.path, reason: "there is no such folder") }
            return
        }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: here.path)
        } catch {
            if depth == 0 { throw .unreadable(path: here.path, reason: "it is not a folder that may be listed") }
            return
        }
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) where !name.hasPrefix(".") {
            let path = relative.isEmpty ? name : relative + "/" + name
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: here.appendingPathComponent(name).path, isDirectory: &isFolder)
            else { continue }
            if isFolder.boolValue {
                if depth < Self.deepest { try visit(path, depth: depth + 1, &seen, &paths) }
            } else if Self.endings.contains((name as NSString).pathExtension.lowercased()) {
                paths.append(path)
            }
        }
    }

    private func entry(_ path: String) -> ImageEntry {
        let parts = path.split(separator: "/").map(String.init)
        let digest = FileBytes.digest(folder.appendingPathComponent(path)) ?? ContentDigest(of: Array(path.utf8))
        return ImageEntry(
            path: path, category: parts.count > 1 ? parts[0] : "", subcategory: parts.count > 2 ? parts[1] : "",
            split: .init(of: digest), group: nil, digest: digest)
    }

    private static func identity(_ path: String) -> Identity? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Identity(device: UInt(status.st_dev), inode: UInt(status.st_ino))
    }
}
