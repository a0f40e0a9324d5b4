// SPDX-License-Identifier: Apache-2.0

package import Advice
package import Catalog
package import VectorSearch

/// Why a question about a collection has no answer.
package enum CollectionsError: Error, Equatable, Sendable {
    case catalog(CatalogError)
    case search(VectorSearchError)
    case advice(AdviceError)
    /// A weight or vector names a space that the collection does not store.
    case unknownSpace(known: [String])
    /// A weight names a space for which the query has no vector.
    case noVector(space: String)
    /// There is nothing to look for: no vectors and no example items.
    case nothingToSearch
    /// An item that the query names is not there; `place` is its place in the list.
    case noSuchExample(place: Int)
    /// `k`, `offset` or the number of examples is outside what is allowed.
    case outOfRange(name: String, allowed: String)
}
