// SPDX-License-Identifier: Apache-2.0

internal import Catalog

extension CatalogStore {
    /// The item of that id; nil where the collection has none.
    func find(_ id: ItemID, in name: CollectionName) throws(CatalogError) -> Item? {
        do throws(CatalogError) {
            return try item(id, in: name)
        } catch {
            guard error == .noSuchItem else { throw error }
            return nil
        }
    }
}
