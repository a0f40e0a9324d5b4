// SPDX-License-Identifier: Apache-2.0

package import Vectors

extension [Embedding] {
    /// The embeddings of all `spaces`, in that order; nil unless every one is there.
    package func select(_ spaces: [SpaceName]) -> [Embedding]? {
        var found: [Embedding] = []
        for space in spaces {
            guard let embedding = first(where: { $0.space == space }) else { return nil }
            found.append(embedding)
        }
        return found
    }

    /// These, and those of `others` that are of other spaces.
    package func merged(over others: [Embedding]) -> [Embedding] {
        self + others.filter { known in !contains { $0.space == known.space } }
    }
}
