// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Catalog
internal import Foundation
internal import ImageDecoding
internal import Vectors

/// The image files below a folder, by their paths within it, sorted.
struct ImageFolder {
    let root: String
    let paths: [String]

    /// All images below the folder, or those that the lines of `list` name by their paths within it; of a share its own.
    ///
    /// Throws where it is no folder, has no images, or the list cannot be read.
    init(_ root: String, list: String? = nil, shard: Shard? = nil) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: root, isDirectory: &isFolder), isFolder.boolValue else {
            throw ValidationError("\(root) is no folder that can be read.")
        }
        self.root = root
        paths = try list.map { try FileList([], list: $0, shard: shard).paths } ?? FileList.images(in: root, shard)
    }

    /// At most `limit` bytes of a file.
    func read(_ path: String, limit: Int) throws(FileFailure) -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: (root as NSString).appendingPathComponent(path)) else {
            throw .unreadable(String(cString: strerror(errno)).lowercased())
        }
        do {
            return Array(try handle.read(upToCount: limit) ?? Data())
        } catch {
            throw .unreadable(error.localizedDescription)
        }
    }
}

/// Brings a folder's images into a collection, but for those that are there already.
struct FolderImport {
    let folder: ImageFolder
    let store: any ItemStore
    let name: CollectionName
    let ingest: ItemIngest
    /// Whether the files' bytes are kept.
    let keeps: Bool
    /// Leading folders that become labels, at most 2.
    let labelDepth: Int
    let stop: StopSignal

    /// Items that were there with the same bytes.
    private(set) var skipped = 0
    private var bar: ProgressBar
    private var paceIsSet = false
    private let interval: Duration?

    init(
        _ folder: ImageFolder, _ store: any ItemStore, into name: CollectionName, _ ingest: ItemIngest, keeps: Bool,
        labelDepth: Int, stop: StopSignal, reportsEvery interval: Duration? = nil
    ) {
        (self.folder, self.store, self.name, self.ingest) = (folder, store, name, ingest)
        (self.keeps, self.labelDepth, self.stop) = (keeps, labelDepth, stop)
        self.interval = interval
        bar = ProgressBar(total: folder.paths.count, unit: "images", plainEvery: interval)
    }

    /// Takes every file in turn; returns early after a stop, with what was computed on disk.
    mutating func run() throws {
        defer { bar.finish() }
        for path in folder.paths where !stop.isRaised {
            try take(path)
            bar.move(to: skipped + ingest.settled, failed: ingest.failures.count, detail: skippedText)
        }
        try ingest.finish()
        bar.move(to: skipped + ingest.settled, failed: ingest.failures.count, detail: skippedText)
    }

    private var skippedText: String { skipped == 0 ? "" : "\(skipped) skipped" }

    private mutating func take(_ path: String) throws {
        let (id, metadata, bytes): (ItemID, Metadata, [UInt8])
        do {
            id = try ItemID(path, limits: store.limits)
            metadata = try Metadata(Self.labels(of: path, depth: labelDepth), limits: store.limits)
            bytes = try folder.read(path, limit: ingest.imageLimits.bytes + 1)
        } catch {
            return ingest.fail(path, "\(error)")
        }
        if let known = try store.find(id, in: name), known.digest == ContentDigest(of: bytes) {
            try complete(known, with: bytes)
            skipped += 1
            return
        }
        // The pace is that of embedding: what a resumed import skips at its start does not count.
        if !paceIsSet {
            bar = ProgressBar(total: folder.paths.count, unit: "images", initial: skipped, plainEvery: interval)
        }
        paceIsSet = true
        try ingest.add(ItemIngest.Image(id: id, bytes: bytes, metadata: metadata, keeps: keeps))
    }

    /// Adds what an item was stored without: the bytes, the thumbnail.
    private func complete(_ item: Item, with bytes: [UInt8]) throws {
        let lacksOriginal = keeps && item.originalBytes == nil
        let thumbnail =
            item.thumbnailBytes == nil ? ingest.thumbnail(of: bytes) : try store.thumbnail(of: item.id, in: name)
        guard lacksOriginal || (item.thumbnailBytes == nil && thumbnail != nil) else { return }
        let draft = ItemDraft(
            id: item.id, digest: item.digest, metadata: item.metadata, vector: try store.vector(of: item.id, in: name),
            thumbnail: thumbnail, original: lacksOriginal ? bytes : try store.original(of: item.id, in: name))
        try ingest.add(draft)
    }

    /// `{"path"}`, with the names of the first folders as `category` and `subcategory`.
    static func labels(of path: String, depth: Int) -> JSONValue {
        let folders = path.split(separator: "/").dropLast().prefix(depth).map(String.init)
        var members = [JSONMember(key: "path", value: .string(JSONString(path)))]
        for (key, folder) in zip(["category", "subcategory"], folders) {
            members.append(JSONMember(key: JSONString(key), value: .string(JSONString(folder))))
        }
        return .object(members.sorted { $0.key < $1.key })
    }
}
