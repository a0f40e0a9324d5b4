// SPDX-License-Identifier: Apache-2.0

package import Vectors

/// One image file of a folder.
package struct ImageEntry: Sendable, Hashable {
    /// Which half of the data an image belongs to, for good.
    package enum Split: String, Sendable, Hashable, Codable, CaseIterable {
        case train, test

        /// The split of a file by its bytes: a fifth of all files, wherever they lie and whatever they are called.
        package init(of digest: ContentDigest) {
            let first = digest.bytes.prefix(4).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            self = Double(first) < 0.2 * 0x1p32 ? .test : .train
        }
    }

    /// Relative to the folder, with slashes.
    package let path: String
    /// Empty for an image that lies in no sub-folder.
    package let category: String
    /// Empty where there is none.
    package let subcategory: String
    package let split: Split
    /// Images that are variants of each other have the same group; nil where nobody has looked.
    package let group: String?
    /// SHA-256 of the file.
    package let digest: ContentDigest

    package init(
        path: String, category: String, subcategory: String, split: Split, group: String?, digest: ContentDigest
    ) {
        self.path = path
        self.category = category
        self.subcategory = subcategory
        self.split = split
        self.group = group
        self.digest = digest
    }
}
