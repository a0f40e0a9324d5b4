// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Dispatch
internal import EmbeddingPipeline
internal import ImageDecoding
internal import Kernels
internal import ModelFolders
internal import Preprocessing
internal import Synchronization
internal import Vectors

/// Embeds images and writes them into a collection, some tens in one forward pass and one transaction.
///
/// One batch is computed while the one before it is written and the next one is gathered, so memory stays flat. Used by
/// one thread.
final class ItemIngest {
    /// An image on its way into the collection.
    struct Image: Sendable {
        let id: ItemID
        let bytes: [UInt8]
        let metadata: Metadata
        /// A picture that is there already; else one is made, where thumbnails are kept.
        var thumbnail: [UInt8]?
        /// What the item is known by where ``bytes`` are not the image itself.
        var digest: ContentDigest?
        /// Whether the bytes are kept beside the vectors.
        let keeps: Bool
    }

    /// An image that has no vectors in the collection now, and why.
    struct Failure {
        let id: String
        let reason: String
    }

    private struct Flight {
        let images: [Image]
        let answer: Promise<EmbeddingAnswer>
    }

    private static let batchImages = 64
    private static let batchBytes = 64 << 20
    private static let flights = 2

    let imageLimits = ImageLimits()
    private(set) var failures: [Failure] = []
    private(set) var written = 0
    private let store: any ItemStore
    private let name: CollectionName
    private let model: EmbeddingModel
    private let spaces: [ModelManifest.Space]
    private let pipeline: EmbeddingPipeline
    private let stop: StopSignal.Flag
    private let thumbnails: ThumbnailRule
    private var batch: [Image] = []
    private var bytes = 0
    private var flights: [Flight] = []
    private var ready: [ItemDraft] = []
    private var readyBytes = 0

    init(
        _ store: any ItemStore, into name: CollectionName, model: EmbeddingModel, spaces: [ModelManifest.Space],
        pool: ComputePool, thumbnails: ThumbnailRule, stop: StopSignal.Flag
    ) {
        (self.store, self.name, self.model, self.spaces, self.stop) = (store, name, model, spaces, stop)
        self.thumbnails = thumbnails
        let room = QueueLimits(
            images: Self.flights * Self.batchImages, bytes: Self.flights * (Self.batchBytes + imageLimits.bytes + 1))
        pipeline = EmbeddingPipeline(pool: pool, limits: room, imageLimits: imageLimits)
    }

    /// Images that were written or refused.
    var settled: Int { written + failures.count }

    /// Takes an image; blocks while two batches are under way.
    ///
    /// Throws errors of the store, which end the work.
    func add(_ image: Image) throws {
        batch.append(image)
        bytes += image.bytes.count
        if batch.count == Self.batchImages || bytes >= Self.batchBytes { try launch() }
    }

    /// Takes an item whose vectors are known and that does not count as written.
    func add(_ draft: ItemDraft) throws {
        ready.append(draft)
        readyBytes += draft.original?.count ?? 0
        if ready.count == Self.batchImages || readyBytes >= Self.batchBytes { try writeReady() }
    }

    /// The small picture of an image whose vectors are known; nil where none are kept, or it cannot be made.
    func thumbnail(of bytes: [UInt8]) -> [UInt8]? {
        guard let side = thumbnails.pixels else { return nil }
        let decoder = ImageDecoder(limits: imageLimits)
        return try? decoder.decode(bytes, atLeast: model.manifest.preprocessing.minimumDecodeSize).thumbnail(side: side)
    }

    /// Notes an image that could not even be read.
    func fail(_ id: String, _ reason: String) {
        failures.append(Failure(id: id, reason: reason))
    }

    /// Waits until every image that was taken is on disk or refused; after a stop what was not computed is left out.
    func finish() throws {
        if !batch.isEmpty { try launch() }
        while !flights.isEmpty { try land() }
        try writeReady()
    }

    private func writeReady() throws {
        _ = try write(ready)
        (ready, readyBytes) = ([], 0)
    }

    private func launch() throws {
        while flights.count >= Self.flights { try land() }
        let answer = Promise<EmbeddingAnswer>()
        let flag = stop
        let request = EmbeddingRequest(
            images: batch.map(\.bytes), model: model, spaces: spaces,
            thumbnailSide: batch.allSatisfy { $0.thumbnail != nil } ? nil : thumbnails.pixels,
            isCancelled: { flag.isRaised })
        try pipeline.submit(request) { answer.fulfil($0) }
        flights.append(Flight(images: batch, answer: answer))
        (batch, bytes) = ([], 0)
    }

    /// Writes the oldest batch.
    private func land() throws {
        let flight = flights.removeFirst()
        var drafts: [ItemDraft] = []
        for (image, outcome) in zip(flight.images, flight.answer.wait().outcomes) {
            switch outcome {
            case .success(let embedded):
                drafts.append(
                    ItemDraft(
                        id: image.id, digest: image.digest ?? embedded.digest, metadata: image.metadata,
                        vector: embedded.embeddings.flatMap(\.values),
                        thumbnail: image.thumbnail ?? embedded.thumbnail,
                        original: image.keeps ? image.bytes : nil))
            case .failure(.cancelled): break
            case .failure(let failure): fail(image.id.text, FileFailure.embedding(failure).description)
            }
        }
        written += try write(drafts)
    }

    /// Writes items in one transaction, notes those that were refused and returns how many were not.
    private func write(_ drafts: [ItemDraft]) throws -> Int {
        guard !drafts.isEmpty else { return 0 }
        var count = 0
        for (draft, result) in zip(drafts, try store.upsert(drafts, into: name)) {
            switch result {
            case .success: count += 1
            case .failure(let error): fail(draft.id.text, error.description)
            }
        }
        return count
    }
}
