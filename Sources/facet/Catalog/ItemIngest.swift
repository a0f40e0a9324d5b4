// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Dispatch
internal import EmbeddingPipeline
internal import ImageDecoding
internal import Kernels
internal import ModelFolders
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
        var thumbnail: [UInt8]?
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
    private let store: CatalogStore
    private let name: CollectionName
    private let model: EmbeddingModel
    private let spaces: [ModelManifest.Space]
    private let pipeline: EmbeddingPipeline
    private let stop: StopSignal.Flag
    private var batch: [Image] = []
    private var bytes = 0
    private var flights: [Flight] = []
    private var ready: [ItemDraft] = []
    private var readyBytes = 0

    init(
        _ store: CatalogStore, into name: CollectionName, model: EmbeddingModel, spaces: [ModelManifest.Space],
        pool: ComputePool, stop: StopSignal.Flag
    ) {
        (self.store, self.name, self.model, self.spaces, self.stop) = (store, name, model, spaces, stop)
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
            images: batch.map(\.bytes), model: model, spaces: spaces, isCancelled: { flag.isRaised })
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
                        id: image.id, digest: embedded.digest, metadata: image.metadata,
                        vector: embedded.embeddings.flatMap(\.values), thumbnail: image.thumbnail,
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
