// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Vectors

/// An item on its way to the server.
struct ItemRow: Sendable {
    let id: String
    /// What it counts in the collection.
    let bytes: Int
    /// The statements that write it; the first returns its row and what it replaced.
    let queries: [Query]

    /// Checks sizes and brings every segment to length 1; throws as ``ItemDraft/checked(for:_:)`` does.
    init(
        _ draft: ItemDraft, _ record: CollectionRecord, _ limits: CatalogLimits, now: Int64
    ) throws(CatalogError) {
        let definition = record.definition
        let encoded = try draft.checked(for: definition, limits)
        let stored = encoded.withUnsafeBytes { VectorCoding.decode($0, as: definition.element) }
        let unit = UnitSegments.normalise(stored, definition.spaces, tolerance: UnitSegments.tolerance(definition))
        id = draft.id.text
        bytes =
            record.vectorBytes + draft.metadata.text.utf8.count + (draft.thumbnail?.count ?? 0)
            + (draft.original?.count ?? 0)
        let isHalf = definition.element == .float16
        let put = Query(
            isHalf ? "put-half" : "put-single", Self.text(isHalf ? "half" : "single"),
            [
                .integer(record.key), .text(id), .blob(draft.digest.bytes), .json(draft.metadata.text),
                .integer(Int64(draft.thumbnail?.count ?? -1)), .integer(Int64(draft.original?.count ?? -1)),
                .integer(draft.times?.created ?? now), .integer(Int64(bytes)), isHalf ? .half(unit) : .vector(unit),
                // The vector as it came, where the one that is searched is another.
                .blob(unit == stored ? nil : encoded),
                .integer(draft.times?.updated ?? now), .integer(draft.times == nil ? 0 : 1),
            ])
        queries = [
            put, Self.picture("facet_thumbnails", draft.thumbnail, record.key, id),
            Self.picture("facet_originals", draft.original, record.key, id),
        ]
    }

    private static func text(_ column: String) -> String {
        """
        INSERT INTO facet_items
        (collection, id, digest, metadata, thumbnail, original, created, updated, bytes, replaced, \(column), raw)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $11, $8, -1, $9, $10)
        ON CONFLICT (collection, id) DO UPDATE SET digest = EXCLUDED.digest, metadata = EXCLUDED.metadata,
        thumbnail = EXCLUDED.thumbnail, original = EXCLUDED.original, updated = EXCLUDED.updated,
        created = CASE WHEN $12::bigint = 1 THEN EXCLUDED.created ELSE facet_items.created END,
        replaced = facet_items.bytes, bytes = EXCLUDED.bytes, \(column) = EXCLUDED.\(column), raw = EXCLUDED.raw
        RETURNING number, replaced
        """
    }

    private static func picture(_ table: String, _ bytes: [UInt8]?, _ key: Int64, _ id: String) -> Query {
        guard let bytes else {
            return Query(
                "drop-\(table)", "DELETE FROM \(table) WHERE collection = $1 AND id = $2", [.integer(key), .text(id)])
        }
        return Query(
            "put-\(table)",
            """
            INSERT INTO \(table) VALUES ($1, $2, $3)
            ON CONFLICT (collection, id) DO UPDATE SET bytes = EXCLUDED.bytes
            """, [.integer(key), .text(id), .blob(bytes)])
    }
}

/// Vectors whose segments have length 1, or are zero.
enum UnitSegments {
    /// How far a squared length may be from 1 and stay as it is: what rounding to the element does to it.
    static func tolerance(_ definition: CollectionDefinition) -> Double {
        definition.element == .float32 ? 1e-6 : 2e-3
    }

    static func normalise(_ vector: [Float], _ spaces: [CollectionSpace], tolerance: Double = 1e-6) -> [Float] {
        var result = vector
        var start = 0
        for space in spaces {
            normalise(&result, start..<start + space.dimensions, tolerance)
            start += space.dimensions
        }
        return result
    }

    private static func normalise(_ vector: inout [Float], _ range: Range<Int>, _ tolerance: Double) {
        let square = range.reduce(0.0) { $0 + Double(vector[$1]) * Double(vector[$1]) }
        guard square > 0, abs(square - 1) > tolerance else { return }
        let length = square.squareRoot()
        for place in range { vector[place] = Float(Double(vector[place]) / length) }
    }
}
