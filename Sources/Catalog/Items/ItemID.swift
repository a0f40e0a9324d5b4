// SPDX-License-Identifier: Apache-2.0

/// An item's id: UTF-8 without control characters, compared byte by byte.
package struct ItemID: Hashable, Sendable, CustomStringConvertible {
    private let key: JSONString

    /// The id as it was given.
    package var text: String { key.text }

    /// Throws ``CatalogError/invalidItemID`` for an empty or too long id, or one with a control character.
    package init(_ text: String, limits: CatalogLimits = CatalogLimits()) throws(CatalogError) {
        guard (1...max(1, limits.itemIDBytes)).contains(text.utf8.count),
            text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
        else { throw .invalidItemID }
        key = JSONString(text)
    }

    /// An id that this type checked before it was stored.
    package init(stored text: String) {
        key = JSONString(text)
    }

    package var description: String { text }
}
