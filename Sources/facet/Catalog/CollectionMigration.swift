// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Vectors

/// One collection's way into another store, a page of items at a time.
struct CollectionMigration {
    private let record: CollectionRecord
    private let source: any ItemStore
    private let target: any ItemStore
    private let stop: StopSignal
    private var copied = 0
    private var skipped = 0
    private var digest: String?

    private static let page = 200

    init(_ record: CollectionRecord, from source: any ItemStore, to target: any ItemStore, _ stop: StopSignal) {
        (self.record, self.source, self.target, self.stop) = (record, source, target, stop)
    }

    private var name: CollectionName { record.definition.name }

    /// `shop: 1200 copied, 0 there already, the same on both sides (sha256 sum ab12...)`.
    var summary: String {
        "\(name): \(copied) copied, \(skipped) there already"
            + (digest.map { ", the same on both sides (digest \($0))" } ?? ", not compared")
    }

    /// Copies what is missing, then compares; throws where the two sides differ.
    mutating func run(verifies: Bool) throws {
        let made = try target.create(record.definition, thumbnails: record.thumbnails).record
        var bar = ProgressBar(total: record.items * (verifies ? 2 : 1), unit: "items")
        defer { bar.finish() }
        var cursor: String?
        repeat {
            let page = try source.list(name, after: cursor, limit: Self.page)
            try copy(page.items)
            bar.move(to: copied + skipped)
            cursor = page.next
        } while cursor != nil && !stop.isRaised
        guard verifies, !stop.isRaised else { return }
        let (before, count) = (try sum(source, made), copied + skipped)
        bar.move(to: count + count / 2)
        let after = try sum(target, made)
        guard !stop.isRaised else { return }
        guard before == after else {
            throw CatalogRefusal(
                """
                '\(name)' differs: \(before.items) items with digest \(before.text) there, \(after.items) with \(after.text) \
                here. The target had items of its own, or somebody wrote meanwhile; migrate into an empty collection, or run \
                this again when nobody writes.
                """)
        }
        digest = before.text
    }

    private mutating func copy(_ items: [Item]) throws {
        let ids = items.map(\.id)
        let (vectors, known) = (try source.vectors(of: ids, in: name), try target.vectors(of: ids, in: name))
        var drafts: [ItemDraft] = []
        for (item, (vector, present)) in zip(items, zip(vectors, known)) {
            // Deleted meanwhile.
            guard let vector else { continue }
            if vector == present, let there = try target.find(item.id, in: name), isAlike(item, there) {
                skipped += 1
                continue
            }
            drafts.append(
                ItemDraft(
                    id: item.id, digest: item.digest, metadata: item.metadata, vector: vector,
                    thumbnail: item.thumbnailBytes == nil ? nil : try source.thumbnail(of: item.id, in: name),
                    original: item.originalBytes == nil ? nil : try source.original(of: item.id, in: name),
                    times: ItemTimes(created: item.created, updated: item.updated)))
        }
        guard !drafts.isEmpty else { return }
        for result in try target.upsert(drafts, into: name) { _ = try result.get() }
        copied += drafts.count
    }

    private func isAlike(_ left: Item, _ right: Item) -> Bool {
        left.digest == right.digest && left.metadata == right.metadata && left.thumbnailBytes == right.thumbnailBytes
            && left.originalBytes == right.originalBytes && left.created == right.created
            && left.updated == right.updated
    }

    // MARK: Comparing

    /// The items of one side: the sum of their digests does not depend on their order.
    private func sum(_ store: any ItemStore, _ record: CollectionRecord) throws -> DigestSum {
        var sum = DigestSum()
        var cursor: String?
        repeat {
            let page = try store.list(name, after: cursor, limit: Self.page)
            let vectors = try store.vectors(of: page.items.map(\.id), in: name)
            for (item, vector) in zip(page.items, vectors) {
                let pictures = [
                    item.thumbnailBytes == nil ? nil : try store.thumbnail(of: item.id, in: name),
                    item.originalBytes == nil ? nil : try store.original(of: item.id, in: name),
                ]
                sum.add(item, try VectorCoding.encode(vector ?? [], as: record.definition.element), pictures)
            }
            cursor = page.next
        } while cursor != nil && !stop.isRaised
        return sum
    }
}

/// A digest over items in any order.
struct DigestSum: Equatable {
    private(set) var items = 0
    private var words: [UInt64] = [0, 0, 0, 0]

    var text: String {
        words.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Adds everything that an item is, each part by its own digest.
    mutating func add(_ item: Item, _ vector: [UInt8], _ pictures: [[UInt8]?]) {
        var bytes = ContentDigest(of: Array(item.id.text.utf8)).bytes + item.digest.bytes
        bytes += ContentDigest(of: Array(item.metadata.text.utf8)).bytes + ContentDigest(of: vector).bytes
        for time in [item.created, item.updated] {
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: time >> (8 * $0)) }
        }
        for picture in pictures { bytes += picture.map { [1] + ContentDigest(of: $0).bytes } ?? [0] }
        for (place, byte) in ContentDigest(of: bytes).bytes.enumerated() {
            words[place / 8] &+= UInt64(byte) << UInt64(place % 8 * 8)
        }
        items += 1
    }
}
