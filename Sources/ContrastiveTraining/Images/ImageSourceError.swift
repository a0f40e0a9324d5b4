// SPDX-License-Identifier: Apache-2.0

/// Why a folder of images, or the cache made of it, cannot be used.
package enum ImageSourceError: Error, Hashable, Sendable {
    /// The folder, or a file of the source itself, cannot be read.
    case unreadable(path: String, reason: String)
    /// There is no image in the folder, or none of them can be decoded.
    case empty(path: String, unreadable: Int)
    /// A line of manifest.jsonl, counted from 1, is not what it should be.
    case manifest(line: Int, reason: String)
    /// The cache cannot be written: disk full, no permission.
    case unwritable(path: String, reason: String)
    /// The caller asked to stop while the cache was being made.
    case cancelled
}

extension ImageSourceError: CustomStringConvertible {
    /// One sentence naming the file and what to do.
    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)."
        case .empty(let path, unreadable: 0): "There is no PNG, JPEG or WebP image in \(path)."
        case .empty(let path, let unreadable):
            "None of the \(unreadable) images in \(path) can be decoded; is it the right folder?"
        case .manifest(let line, let reason): "Line \(line) of manifest.jsonl \(reason)."
        case .unwritable(let path, let reason):
            "The image cache \(path) cannot be written: \(reason); free space or choose another place."
        case .cancelled: "The image cache was not finished."
        }
    }
}
