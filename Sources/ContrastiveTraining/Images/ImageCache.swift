// SPDX-License-Identifier: Apache-2.0
//
// Training sees every image hundreds of times, so it is decoded once: into one file of small upright RGB pictures that
// is mapped into memory from then on. The file is bound to the images' digests and to the limit; when one of them
// changes it is made again. It appears under its name only when it is complete.

package import Foundation
package import Kernels
internal import Preprocessing
internal import Vectors

/// The images of a folder, decoded and reduced; safe to read from any thread.
package final class ImageCache: Sendable {
    /// The images that could be decoded; `entries[i]` describes the picture `self[i]`.
    package let entries: [ImageEntry]
    /// The images that could not, and why.
    package let failures: [Failure]
    private let table: CacheTable

    /// An image that was left out.
    package struct Failure: Sendable, Hashable {
        /// Relative to the folder.
        package let path: String
        /// In plain words, without the path.
        package let reason: String
    }

    /// How far the making of a cache has come, in images.
    package struct Progress: Sendable, Hashable {
        package let done: Int
        package let total: Int
        package let failed: Int

        package init(done: Int, total: Int, failed: Int) {
            self.done = done
            self.total = total
            self.failed = failed
        }
    }

    /// Opens the cache of `folder` in `file`, and makes it first where it is missing, damaged or out of date.
    ///
    /// Pictures are reduced until the shorter side has at most `limit` pixels and the longer at most four times as many.
    /// `progress` is called on the calling thread, now and then while images are decoded on `pool`; not at all when the
    /// cache is there. When `isCancelled` returns true, the work stops and nothing is left behind. Blocks; a second
    /// process that wants the same cache waits for the first.
    package init(
        of folder: ImageFolder, limit: Int, file: URL, pool: ComputePool? = nil,
        progress: (Progress) -> Void = { _ in }, isCancelled: () -> Bool = { false }
    ) throws(ImageSourceError) {
        precondition(limit > 0, "pictures of \(limit) pixels")
        let key = Self.key(folder, limit: limit)
        let builder = CacheBuilder(folder: folder, limit: limit, key: key, file: file)
        let table =
            if let table = builder.existing() {
                table
            } else {
                try builder.build(pool: pool, isCancelled: isCancelled, progress: progress)
            }
        guard !table.pictures.isEmpty else {
            throw .empty(path: folder.folder.path, unreadable: table.failures.count)
        }
        self.table = table
        entries = table.pictures.map { folder.entries[$0.entry] }
        failures = table.failures.map { Failure(path: folder.entries[$0.entry].path, reason: $0.reason) }
    }

    /// Number of pictures.
    package var count: Int { table.pictures.count }

    /// One picture, without copying; O(1).
    package subscript(index: Int) -> CachedImage {
        let picture = table.pictures[index]
        return CachedImage(
            width: picture.width, height: picture.height, memory: table.memory, offset: picture.offset)
    }

    /// The positions of the pictures of one split, in order.
    package func positions(of split: ImageEntry.Split) -> [Int] {
        entries.indices.filter { entries[$0].split == split }
    }

    /// Changes with the images, the limit, and the code that decodes and reduces.
    private static func key(_ folder: ImageFolder, limit: Int) -> ContentDigest {
        let text = "\(CacheTable.version) \(Preprocessing.version) \(limit) \(folder.digest.hex)"
        return ContentDigest(of: Array(text.utf8))
    }
}
