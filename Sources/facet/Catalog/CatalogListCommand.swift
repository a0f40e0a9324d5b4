// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Catalog
internal import Vectors

/// `facet catalog list`: the collections of a file.
struct CatalogListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the collections with their items, bytes, model and checkpoint.",
        discussion: """
            Works beside a running server. 'bytes' are vectors, metadata and kept images without SQLite's own.

              facet catalog list
              facet catalog list --store sqlite:/var/lib/facet/catalog.sqlite
            """)

    @OptionGroup var store: StoreOptions

    func run() throws {
        let address = try store.address()
        let records = try StoreDoor.collections(address)
        guard !records.isEmpty else { return print("\(address.name) has no collections") }
        let rows = [["collection", "items", "bytes", "model", "spaces", "checkpoint"]] + records.map(Self.row)
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            print(cells.joined(separator: "  "))
        }
    }

    private static func row(_ record: CollectionRecord) -> [String] {
        let definition = record.definition
        let spaces = definition.spaces.map { "\($0.name):\($0.dimensions)" }.joined(separator: ",")
        return [
            definition.name.text, "\(record.items)", "\(record.bytes)", definition.model.text, spaces,
            definition.checkpoint.description,
        ]
    }
}
