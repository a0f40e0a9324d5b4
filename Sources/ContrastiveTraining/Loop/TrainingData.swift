// SPDX-License-Identifier: Apache-2.0

package import Foundation
package import Kernels
internal import Vectors

/// The images of a run: decoded once, split for good into those trained on and those held out.
package struct TrainingData: Sendable {
    package let cache: ImageCache
    /// Positions in the cache.
    package let training: [Int]
    package let heldOut: [Int]
    /// SHA-256 over the names and contents of the folder's images.
    package let digest: String
    /// Files that could not be decoded, and why.
    package var failures: [ImageCache.Failure] { cache.failures }

    /// Reads the folder at `url`, and decodes it into `file` unless that has been done.
    ///
    /// Pictures are kept at twice `size` along their shorter side, so that a crop of a quarter of the area still has a pixel
    /// for each of the view's. The cache lies in the folder itself when `file` is nil.
    ///
    /// - Throws: ``ImageSourceError``.
    package init(
        _ url: URL, size: Int, cache file: URL? = nil, pool: ComputePool,
        progress: (ImageCache.Progress) -> Void = { _ in }, isCancelled: () -> Bool = { false }
    ) throws(ImageSourceError) {
        let folder = try ImageFolder(scanning: url)
        let limit = 2 * size
        cache = try ImageCache(
            of: folder, limit: limit, file: file ?? url.appendingPathComponent(".facet-images-\(limit).cache"),
            pool: pool, progress: progress, isCancelled: isCancelled)
        training = cache.positions(of: .train)
        heldOut = cache.positions(of: .test)
        digest = folder.digest.hex
    }
}
