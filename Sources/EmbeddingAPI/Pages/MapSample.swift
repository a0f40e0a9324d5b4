// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Collections
internal import Vectors

/// The items of a map with their vectors, before they have places.
struct MapSample: Sendable {
    private(set) var ids: [String] = []
    /// Whether there is a picture to show of each.
    private(set) var hasPicture: [Bool] = []
    /// The wanted spaces' numbers, item after item.
    private(set) var values: [Float] = []
    private(set) var fields = MapFields()
    let dimensions: Int

    /// Reads the sample; items that go away meanwhile are left out.
    ///
    /// Which items are in it depends on their rows alone, so that it stays while others come and go. Reads the disk, an
    /// item at a time.
    init(_ store: any ItemStore, _ record: CollectionRecord, _ call: MapCall) throws(APIError) {
        let range = try Self.range(of: call.space, in: record)
        dimensions = range.count
        do throws(CatalogError) {
            let name = record.definition.name
            let rows = Self.chosen(try store.rows(name, matching: .everything), call.limit)
            for case let item? in try store.items(rows: rows, in: name) {
                guard let vector = try Self.vector(of: item, in: name, store) else { continue }
                ids.append(item.id.text)
                hasPicture.append(item.thumbnailBytes != nil || item.originalBytes != nil)
                values += vector[range]
                fields.add(try item.metadata.value, place: ids.count - 1)
            }
        } catch {
            throw APIError(error)
        }
    }

    private static func vector(
        of item: Item, in name: CollectionName, _ store: any ItemStore
    ) throws(CatalogError) -> [Float]? {
        do throws(CatalogError) { return try store.vector(of: item.id, in: name) } catch .noSuchItem {
            return nil
        }
    }

    /// Where a space's numbers stand in an item's vector.
    static func range(of space: SpaceName?, in record: CollectionRecord) throws(APIError) -> Range<
        Int
    > {
        guard let space else { return 0..<record.definition.components }
        var start = 0
        for candidate in record.definition.spaces {
            if candidate.name == space { return start..<start + candidate.dimensions }
            start += candidate.dimensions
        }
        let known = record.definition.spaces.map(\.name.text).joined(separator: ", ")
        throw APIError(
            .unknownSpace, "The collection does not store that space. It stores: \(known).",
            param: "space")
    }

    /// The rows with the smallest hashes, in their order.
    static func chosen(_ rows: [Int64], _ limit: Int) -> [Int64] {
        guard rows.count > limit else { return rows }
        return rows.map { (hash($0), $0) }.sorted { $0 < $1 }.prefix(limit).map(\.1).sorted()
    }

    private static func hash(_ row: Int64) -> UInt64 {
        var word = UInt64(bitPattern: row) &* 0x9E37_79B9_7F4A_7C15
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        return word ^ (word >> 31)
    }
}
