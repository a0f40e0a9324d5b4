// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import EmbeddingAPI
internal import Foundation
internal import Vectors

/// Writes one collection of a snapshot as an array, lines of JSON and a description of the array's columns.
///
/// The three files appear when all are whole.
final class CollectionExport {
    private let record: CollectionRecord
    private let vectors: PartFile
    private let items: PartFile
    private let spaces: PartFile
    private let stop: StopSignal
    private var bar: ProgressBar
    private var done = 0
    /// Why a pass was ended from here; the snapshot knows only its own errors.
    private var failure: (any Error)?

    /// Throws where the folder cannot be made or written.
    init(_ record: CollectionRecord, folder: String, stop: StopSignal) throws {
        guard (0..<1 << 40).contains(record.items) else { throw CatalogError.damaged(place: "counts") }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw CatalogRefusal("The folder \(folder) cannot be made: \(error.localizedDescription)")
        }
        func file(_ name: String) throws -> PartFile { try PartFile((folder as NSString).appendingPathComponent(name)) }
        self.record = record
        self.stop = stop
        vectors = try file("vectors.npy")
        items = try file("items.jsonl")
        spaces = try file("spaces.json")
        bar = ProgressBar(total: 2 * record.items, unit: "rows")
    }

    /// Writes everything; false after a stop, and then no file has changed.
    func run(_ snapshot: CatalogSnapshot) throws -> Bool {
        defer { bar.finish() }
        do {
            try writeVectors(snapshot)
            try writeItems(snapshot)
            try spaces.append(description())
        } catch {
            guard !(failure is Stopped) else { return false }
            throw failure ?? error
        }
        for file in [vectors, items, spaces] { try file.seal() }
        for file in [vectors, items, spaces] { try file.publish() }
        return true
    }

    private func writeVectors(_ snapshot: CatalogSnapshot) throws {
        try vectors.append(NPY.header(rows: record.items, columns: record.definition.components))
        var row: [UInt8] = []
        try snapshot.vectors(of: record) { (_, bytes) throws(CatalogError) in
            row.removeAll(keepingCapacity: true)
            NPY.append(VectorCoding.decode(bytes, as: record.definition.element), to: &row)
            try write(row, to: vectors)
        }
    }

    private func writeItems(_ snapshot: CatalogSnapshot) throws {
        try snapshot.items(of: record) { (item) throws(CatalogError) in
            var line = JSONWriter()
            line.object {
                $0.field("id", item.id.text)
                $0.field("digest", item.digest.description)
                $0.key("metadata")
                $0.raw(item.metadata.text)
            }
            try write(line.bytes + [0x0A], to: items)
        }
    }

    /// Writes one row; ends the pass after a stop or where the disk refuses.
    private func write(_ bytes: [UInt8], to file: PartFile) throws(CatalogError) {
        do {
            if stop.isRaised { throw Stopped() }
            try file.append(bytes)
        } catch {
            failure = error
            throw .closed
        }
        done += 1
        bar.move(to: done)
    }

    private func description() -> [UInt8] {
        let definition = record.definition
        var out = JSONWriter()
        out.object { out in
            out.field("collection", definition.name.text)
            out.field("model", definition.model.text)
            out.field("digest", definition.checkpoint.description)
            out.field("items", record.items)
            out.field("dimensions", definition.components)
            out.key("spaces")
            out.array { list in
                var offset = 0
                for space in definition.spaces {
                    list.object {
                        $0.field("name", space.name.text)
                        $0.field("dimensions", space.dimensions)
                        $0.field("offset", offset)
                    }
                    offset += space.dimensions
                }
            }
        }
        return out.bytes + [0x0A]
    }

    /// Somebody asked for an end.
    private struct Stopped: Error {}
}
