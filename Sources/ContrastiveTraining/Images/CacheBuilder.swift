// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ImageDecoding
internal import Kernels
internal import Preprocessing
private import Synchronization
internal import Vectors

/// Makes the cache file of a folder.
struct CacheBuilder: Sendable {
    let folder: ImageFolder
    let limit: Int
    let key: ContentDigest
    let file: URL

    /// Images decoded side by side before their pixels are written, in order.
    private static let chunk = 64

    /// What became of one image.
    private enum Outcome: Sendable {
        case picture(RGBImage)
        case failure(String)
    }

    /// The cache that is there, if it is ours and whole, and what it could not read can still not be read.
    func existing() -> CacheTable? {
        guard let memory = PixelMemory(mapping: file.path),
            let table = CacheTable(memory, key: key, entries: folder.entries.count)
        else { return nil }
        for failure in table.failures {
            if case .picture = decode(folder.entries[failure.entry]) { return nil }
        }
        return table
    }

    func build(
        pool: ComputePool?, isCancelled: () -> Bool, progress: (ImageCache.Progress) -> Void
    ) throws(ImageSourceError) -> CacheTable {
        var writer = try CacheWriter(file.path)
        // Another process may have made it while this one waited for its turn.
        if let table = existing() {
            writer.discard()
            return table
        }
        do {
            try fill(&writer, pool, isCancelled, progress)
            try writer.commit()
        } catch {
            writer.discard()
            throw error
        }
        guard let memory = PixelMemory(mapping: file.path),
            let table = CacheTable(memory, key: key, entries: folder.entries.count)
        else { throw .unreadable(path: file.path, reason: "it was just written, but is not whole") }
        return table
    }

    private func fill(
        _ writer: inout CacheWriter, _ pool: ComputePool?, _ isCancelled: () -> Bool,
        _ progress: (ImageCache.Progress) -> Void
    ) throws(ImageSourceError) {
        let total = folder.entries.count
        var pictures: [CacheTable.Picture] = []
        var failures: [CacheTable.Failure] = []
        try writer.append([UInt8](repeating: 0, count: CacheTable.headerBytes))
        progress(.init(done: 0, total: total, failed: 0))
        for first in stride(from: 0, to: total, by: Self.chunk) {
            guard !isCancelled() else { throw .cancelled }
            let last = min(total, first + Self.chunk)
            for (entry, outcome) in zip(first..<last, decode(first..<last, on: pool)) {
                switch outcome {
                case .picture(let image):
                    let offset = try writer.align(CacheTable.alignment)
                    try writer.append(image.pixels)
                    pictures.append(.init(entry: entry, offset: offset, width: image.width, height: image.height))
                case .failure(let reason): failures.append(.init(entry: entry, reason: reason))
                }
            }
            progress(.init(done: last, total: total, failed: failures.count))
        }
        let start = writer.count
        try writer.append(CacheTable.bytes(pictures, failures))
        try writer.overwriteStart(
            CacheTable.header(
                key: key, pictures: pictures.count, failures: failures.count, start: start, length: writer.count))
    }

    private func decode(_ range: Range<Int>, on pool: ComputePool?) -> [Outcome] {
        let outcomes = Mutex([Outcome](repeating: .failure("it was not looked at"), count: range.count))
        ComputePool.run(on: pool, count: range.count) { item in
            let outcome = decode(folder.entries[range.lowerBound + item])
            outcomes.withLock { $0[item] = outcome }
        }
        return outcomes.withLock { $0 }
    }

    /// Reads, checks, decodes and reduces one image.
    private func decode(_ entry: ImageEntry) -> Outcome {
        do {
            let decoder = ImageDecoder()
            let bytes = try FileBytes.read(
                folder.folder.appendingPathComponent(entry.path), limit: decoder.limits.bytes)
            guard ContentDigest(of: bytes) == entry.digest else {
                return .failure("its SHA-256 is not the one listed for it")
            }
            let image = try decoder.decode(bytes, atLeast: .shorterSide(2 * limit))
            return .picture(image.reduced(shorter: limit, longer: 4 * limit))
        } catch let failure as FileBytes.Failure {
            return .failure(failure.reason)
        } catch let error as ImageDecodingError {
            return .failure(error.description)
        } catch {
            return .failure("\(error)")
        }
    }
}
