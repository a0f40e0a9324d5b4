// SPDX-License-Identifier: Apache-2.0

internal import Catalog

/// Fills the collection that is to take another one's place from that one's kept images.
struct Reindexing {
    let record: CollectionRecord
    let successor: CollectionDefinition
    let stop: StopSignal
    /// Whether a thumbnail does where the image itself was not kept.
    let takesThumbnails: Bool
    private let store: any ItemStore
    private let ingest: ItemIngest
    private static let page = 1_000

    init(
        _ store: any ItemStore, _ record: CollectionRecord, _ successor: CollectionDefinition, _ ingest: ItemIngest,
        _ stop: StopSignal, takesThumbnails: Bool
    ) {
        self.takesThumbnails = takesThumbnails
        (self.store, self.record, self.successor, self.ingest, self.stop) = (store, record, successor, ingest, stop)
    }

    /// Items without an image to embed, and those of which only the thumbnail is there.
    func count() throws -> (missing: Int, small: Int) {
        var (missing, small) = (0, 0)
        try forEach(in: record.definition.name) { item in
            if !has(item) { missing += 1 }
            if item.originalBytes == nil, item.thumbnailBytes != nil { small += 1 }
        }
        return (missing, small)
    }

    /// Whether there is something to embed.
    private func has(_ item: Item) -> Bool {
        item.originalBytes != nil || (takesThumbnails && item.thumbnailBytes != nil)
    }

    /// Embeds every kept image that is not in the successor yet; returns early after a stop.
    mutating func run() throws {
        try prepare()
        var (bar, skipped, paceIsSet) = (ProgressBar(total: record.items, unit: "images"), 0, false)
        defer { bar.finish() }
        try forEach(in: record.definition.name) { item in
            guard !stop.isRaised else { return }
            if try !has(item) || isDone(item) {
                skipped += 1
            } else {
                if !paceIsSet { bar = ProgressBar(total: record.items, unit: "images", initial: skipped) }
                paceIsSet = true
                try take(item)
            }
            bar.move(to: skipped + ingest.settled, failed: ingest.failures.count)
        }
        try ingest.finish()
        bar.move(to: skipped + ingest.settled, failed: ingest.failures.count)
    }

    /// Makes the successor, or finds what an earlier run left of it and drops what the collection has no longer.
    private func prepare() throws {
        do throws(CatalogError) {
            guard try !store.create(successor, thumbnails: record.thumbnails).isNew else { return }
        } catch {
            guard ["collection_conflict", "preprocessing_conflict"].contains(error.code) else { throw error }
            try store.deleteCollection(successor.name)
            _ = try store.create(successor, thumbnails: record.thumbnails)
            return
        }
        var stale: [ItemID] = []
        try forEach(in: successor.name) { item in
            let known = try store.find(item.id, in: record.definition.name)
            if known.map(has) != true { stale.append(item.id) }
        }
        while !stale.isEmpty {
            _ = try store.delete(Array(stale.prefix(Self.page)), from: successor.name)
            stale.removeFirst(min(Self.page, stale.count))
        }
    }

    private func isDone(_ item: Item) throws -> Bool {
        guard let made = try store.find(item.id, in: successor.name) else { return false }
        return made.digest == item.digest && made.metadata == item.metadata
    }

    private func take(_ item: Item) throws {
        let name = record.definition.name
        let thumbnail = try store.thumbnail(of: item.id, in: name)
        let original = try store.original(of: item.id, in: name)
        guard let bytes = original ?? (takesThumbnails ? thumbnail : nil) else { return }
        try ingest.add(
            ItemIngest.Image(
                id: item.id, bytes: bytes, metadata: item.metadata, thumbnail: thumbnail, digest: item.digest,
                keeps: original != nil))
    }

    private func forEach(in name: CollectionName, _ body: (Item) throws -> Void) throws {
        var cursor: String?
        repeat {
            let page = try store.list(name, after: cursor, limit: Self.page)
            for item in page.items { try body(item) }
            cursor = page.next
        } while cursor != nil
    }
}
