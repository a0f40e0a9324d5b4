// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Collections
internal import Dispatch
internal import EmbeddingPipeline
internal import Foundation
internal import HTTPServer
internal import Synchronization
internal import Vectors

extension FacetAPI {
    /// Images that are embedded and written together.
    private static var sampleBatch: Int { 16 }

    /// Offers a sample catalog to first visitors; call before serving.
    package func offer(_ sample: SampleCatalog) { samples.offer(sample) }

    /// `GET /v1/sample`: whether there is a sample catalog, and how far loading it is.
    func describeSample() -> HTTPResponse { answerSample(200) }

    /// `POST /v1/sample`: starts loading it.
    func loadSample() -> HTTPResponse {
        guard configuration.collections != nil else {
            return error(
                .noCatalog,
                "This service runs without a catalog. Start it with --store sqlite:PATH to have collections."
            )
        }
        guard let sample = samples.begin() else {
            if samples.status.phase == .loading { return answerSample(202) }
            return error(.notFound, "This service offers no sample catalog.")
        }
        samples.queue.async { [self] in
            do throws(APIError) {
                try load(sample)
                samples.end(nil)
            } catch {
                samples.end(error.message)
            }
        }
        return answerSample(202)
    }

    private func answerSample(_ code: Int) -> HTTPResponse {
        let status = samples.status
        return json(code) { out in
            out.object {
                $0.field("object", "sample")
                $0.field("state", status.phase.rawValue)
                $0.field("collection", status.phase == .none ? nil : status.collection)
                $0.field("title", status.phase == .none ? nil : status.title)
                $0.field("items", status.items)
                $0.field("done", status.done)
                $0.field("failed", status.failed)
                $0.field("message", status.message)
            }
        }
    }

    private func load(_ sample: SampleCatalog) throws(APIError) {
        _ = try createCollection(sample.collection, [])
        let record = try collection(sample.collection)
        for start in stride(from: 0, to: sample.entries.count, by: Self.sampleBatch) {
            let batch = sample.entries[start..<min(start + Self.sampleBatch, sample.entries.count)]
            let read = batch.compactMap { entry in (try? entry.image()).map { (entry, $0) } }
            let drafts = try embed(read, into: record)
            try catalog { () throws(CatalogError) in
                for draft in drafts { _ = try requireStore().upsert(draft, into: record.definition.name) }
            }
            samples.advance(done: drafts.count, failed: batch.count - drafts.count)
        }
    }

    private func requireStore() throws(CatalogError) -> any ItemStore {
        guard let store = configuration.collections?.store else { throw .closed }
        return store
    }

    /// What becomes of a batch; waits for it, and for room in the queue.
    private func embed(
        _ batch: [(entry: SampleCatalog.Entry, image: [UInt8])], into record: CollectionRecord
    ) throws(APIError) -> [ItemDraft] {
        let limits = try catalogLimits()
        let images = batch.map { ItemImage(id: try? ItemID($0.entry.id, limits: limits), bytes: $0.image) }
        let outcomes = Mutex<ItemOutcomes>([])
        let done = DispatchSemaphore(value: 0)
        while true {
            do throws(APIError) {
                try embedItems(images, record, thumbnailSide: thumbnailSide(of: record), HTTPCancellation()) { result in
                    outcomes.withLock { $0 = result }
                    done.signal()
                }
                break
            } catch  where error.code == .queueFull {
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
        done.wait()
        return zip(batch, outcomes.withLock { $0 }).compactMap { draft($0, $1, limits) }
    }

    private func draft(
        _ made: (entry: SampleCatalog.Entry, image: [UInt8]), _ outcome: Result<EmbeddedItem, APIError>,
        _ limits: CatalogLimits
    ) -> ItemDraft? {
        guard case .success(let item) = outcome, let id = try? ItemID(made.entry.id, limits: limits),
            let metadata = try? Metadata(Array(made.entry.metadata.utf8), limits: limits)
        else { return nil }
        return ItemDraft(
            id: id, digest: item.digest, metadata: metadata, vector: item.vector, thumbnail: item.thumbnail,
            original: made.image)
    }
}
