// SPDX-License-Identifier: Apache-2.0

/// What a caller keeps beside an item: one JSON object, held as its canonical text.
///
///     let metadata = try Metadata(Array(#"{"price": 10.0, "color": "red"}"#.utf8))
///     metadata.text  // {"color":"red","price":10}
package struct Metadata: Hashable, Sendable {
    /// The canonical text, see ``JSONValue/canonicalText``.
    package let text: String

    /// The object without keys.
    package static let empty = Metadata(stored: "{}")

    /// Reads a JSON object in UTF-8; throws ``CatalogError/invalidMetadata(_:)``.
    package init(_ json: [UInt8], limits: CatalogLimits = CatalogLimits()) throws(CatalogError) {
        let value: JSONValue
        do throws(JSONFaultError) {
            // Spaces and escapes of the input may be longer than the canonical text; refuse only what is far larger.
            value = try JSONReader.read(json, depth: limits.jsonDepth, size: limits.metadataBytes * 6)
        } catch { throw .invalidMetadata(error.fault) }
        try self.init(value, limits: limits)
    }

    /// Takes a parsed object; throws ``CatalogError/invalidMetadata(_:)`` for another value or one too large.
    package init(_ value: JSONValue, limits: CatalogLimits = CatalogLimits()) throws(CatalogError) {
        guard case .object = value else { throw .invalidMetadata(.notAnObject) }
        text = value.canonicalText
        let count = text.utf8.count
        guard count <= limits.metadataBytes else {
            throw .invalidMetadata(.tooLarge(limit: limits.metadataBytes, found: count))
        }
    }

    /// Text that this type wrote earlier.
    package init(stored text: String) {
        self.text = text
    }

    /// The parsed object, read from the text again at each use.
    package var value: JSONValue {
        get throws(CatalogError) {
            do throws(JSONFaultError) {
                return try JSONReader.read(Array(text.utf8), depth: 128, size: .max)
            } catch { throw .damaged(place: "metadata") }
        }
    }

    package static func == (left: Metadata, right: Metadata) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        JSONString(text).hash(into: &hasher)
    }
}
