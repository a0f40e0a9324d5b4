// SPDX-License-Identifier: Apache-2.0

/// The place in a list after one row of one collection, as opaque text.
package struct ListCursor {
    package let row: Int64
    package let collection: Int64

    package init(row: Int64, collection: Int64) {
        self.row = row
        self.collection = collection
    }

    /// Reads ``text``, nil for the list's beginning; throws `invalidCursor` for anything else.
    package init(_ text: String?, collection: Int64) throws(CatalogError) {
        self.collection = collection
        guard let text else {
            row = 0
            return
        }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let row = Int64(parts[0], radix: 36), row > 0,
            text == ListCursor(row: row, collection: collection).text
        else { throw .invalidCursor }
        self.row = row
    }

    /// The row, the collection and a check on both, to base 36.
    package var text: String {
        var check = Checksum()
        check.add(row)
        check.add(collection)
        let sum = UInt32(truncatingIfNeeded: check.value)
        return [String(row, radix: 36), String(collection, radix: 36), String(sum, radix: 36)].joined(separator: "-")
    }
}
