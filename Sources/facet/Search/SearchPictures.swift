// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import ImageDecoding

/// The small pictures of a search: the one asked with, and those found.
struct SearchPictures {
    /// Pixels of the longer side.
    static let side = 160

    /// JPEG bytes; nil where the item has none.
    private(set) var query: [UInt8]?
    private var known: [Int64: [UInt8]] = [:]

    init(query: [UInt8]?) {
        self.query = query
    }

    /// Reads the pictures of every hit, and that of the item `id` where it is what was asked with.
    mutating func read(
        _ answer: SnapshotSearch.Answer, id: String?, _ record: CollectionRecord, in snapshot: CatalogSnapshot
    ) throws(CatalogError) {
        for hit in answer.combined + answer.alone.flatMap(\.self) where known[hit.item.row] == nil {
            known[hit.item.row] = try snapshot.thumbnail(of: hit.item)
        }
        if let id { query = try snapshot.thumbnail(of: snapshot.item(ItemID(id), of: record)) }
    }

    /// The kept bytes for a hit.
    func bytes(of hit: SnapshotSearch.Hit) -> [UInt8]? { known[hit.item.row] }

    /// The picture itself; nil where there is none or it cannot be decoded.
    static func decoded(_ bytes: [UInt8]?) -> RGBImage? {
        bytes.flatMap { try? ImageDecoder().decode($0) }
    }
}
