// SPDX-License-Identifier: Apache-2.0

package import Foundation
package import Vectors

/// A folder of images with labels: what training and evaluation read.
///
/// With a `manifest.jsonl` in it, the manifest says which images there are. Without one, every PNG, JPEG and WebP file
/// below the folder counts, whose first folder is its category and second its sub-category.
package struct ImageFolder: Sendable {
    package let folder: URL
    /// By path, in the order of its bytes; never empty.
    package let entries: [ImageEntry]

    /// Reads the manifest, or every file once for its digest (about 1 GB/s).
    ///
    /// Throws ``ImageSourceError`` when the folder or manifest cannot be read, a manifest line is wrong, or there is no
    /// image. Blocks; not for the cooperative pool.
    package init(scanning folder: URL) throws(ImageSourceError) {
        let manifest = folder.appendingPathComponent(ManifestReader.file)
        let entries =
            if FileManager.default.fileExists(atPath: manifest.path) {
                try ManifestReader(folder: folder).entries()
            } else {
                try FolderScan(folder: folder).entries()
            }
        guard !entries.isEmpty else { throw .empty(path: folder.path, unreadable: 0) }
        self.folder = folder
        self.entries = entries.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    /// Identity of the data: SHA-256 over a line `path NUL digest LF` for each image, in order.
    ///
    /// It does not depend on labels or splits.
    package var digest: ContentDigest { Self.digest(of: entries) }

    /// The entries of one split, in order.
    package func entries(of split: ImageEntry.Split) -> [ImageEntry] { entries.filter { $0.split == split } }

    static func digest(of entries: [ImageEntry]) -> ContentDigest {
        var text: [UInt8] = []
        text.reserveCapacity(entries.count * 120)
        for entry in entries {
            text.append(contentsOf: entry.path.utf8)
            text.append(0)
            text.append(contentsOf: entry.digest.hex.utf8)
            text.append(10)
        }
        return ContentDigest(of: text)
    }
}
