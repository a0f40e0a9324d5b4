// SPDX-License-Identifier: Apache-2.0

package import Vectors

/// What an image's embeddings depend on: the uploaded bytes, the checkpoint and how images are prepared.
package struct EmbeddingKey: Hashable, Sendable {
    /// SHA-256 over the three, which is the row's key.
    package let bytes: [UInt8]

    /// `preprocessing` names the settings and the version of the code that prepares images.
    package init(content: ContentDigest, checkpoint: ContentDigest, preprocessing: String) {
        bytes = ContentDigest(of: content.bytes + checkpoint.bytes + Array(preprocessing.utf8)).bytes
    }
}
