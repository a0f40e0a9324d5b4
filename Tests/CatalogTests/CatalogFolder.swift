// SPDX-License-Identifier: Apache-2.0

import Catalog
import Foundation
import TestSupport
import Testing
import Vectors

/// A folder of its own for one test, removed at the end.
final class CatalogFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("catalog-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    var path: String { url.appendingPathComponent("catalog.sqlite").path }

    func open(_ change: (inout CatalogConfiguration) -> Void = { _ in }) throws -> CatalogStore {
        var configuration = CatalogConfiguration(path: path)
        configuration.readers = 2
        configuration.clock = { 1_700_000_000_000 }
        change(&configuration)
        return try CatalogStore(configuration)
    }
}

extension CatalogStore {
    /// Every row of a collection with its encoded vector.
    @discardableResult
    func streamed(_ name: CollectionName) throws(CatalogError) -> [Int64: [UInt8]] {
        try snapshot { (snapshot) throws(CatalogError) in
            var rows: [Int64: [UInt8]] = [:]
            try snapshot.vectors(of: snapshot.collection(name)) { row, bytes throws(CatalogError) in
                rows[row] = Array(bytes)
            }
            return rows
        }
    }
}

/// Values that tests write.
enum Sample {
    static let shop = "shop"

    static func name(_ text: String = shop) throws -> CollectionName { try CollectionName(text) }

    static func definition(
        _ name: String = shop, checkpoint: String = "one", dimensions: Int = 4, element: VectorElement = .float32
    ) throws -> CollectionDefinition {
        let spaces = ["color", "rotation"].compactMap { SpaceName($0) }
        return CollectionDefinition(
            name: try CollectionName(name), model: try #require(ModelID("looc")),
            checkpoint: ContentDigest(of: Array(checkpoint.utf8)),
            spaces: spaces.map { CollectionSpace(name: $0, dimensions: dimensions) }, element: element)
    }

    /// An item whose every part follows from its number.
    static func draft(
        _ number: Int, id: String? = nil, components: Int = 8, thumbnail: Int? = nil, original: Int? = nil
    ) throws -> ItemDraft {
        var generator = SeededGenerator(seed: UInt64(number))
        let metadata = #"{"number":\#(number),"color":"\#(number % 2 == 0 ? "red" : "blue")"}"#
        return ItemDraft(
            id: try ItemID(id ?? "item-\(number)"), digest: ContentDigest(of: Array("\(number)".utf8)),
            metadata: try Metadata(Array(metadata.utf8)), vector: generator.floats(components),
            thumbnail: thumbnail.map { [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: $0) },
            original: original.map { [UInt8](repeating: UInt8(truncatingIfNeeded: number + 1), count: $0) })
    }

    /// ``draft(_:id:components:thumbnail:original:)`` inside a body that throws nothing but errors of the catalog.
    static func sound(_ number: Int) throws(CatalogError) -> ItemDraft {
        do { return try draft(number) } catch { throw error as? CatalogError ?? .invalidItemID }
    }
}
