// SPDX-License-Identifier: Apache-2.0

/// The name of a collection: 1 to 64 characters out of `a-z A-Z 0-9 _ - .`, beginning with a letter or digit.
package struct CollectionName: Hashable, Sendable, CustomStringConvertible {
    /// The name as it was given.
    package let text: String

    /// Throws ``CatalogError/invalidCollectionName``.
    package init(_ text: String) throws(CatalogError) {
        guard let first = text.utf8.first, (1...64).contains(text.utf8.count), Self.isAlphanumeric(first),
            text.utf8.allSatisfy({ Self.isAlphanumeric($0) || $0 == 0x5F || $0 == 0x2D || $0 == 0x2E })
        else { throw .invalidCollectionName }
        self.text = text
    }

    package var description: String { text }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }
}
