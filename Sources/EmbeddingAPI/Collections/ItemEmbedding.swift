// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Collections
internal import EmbeddingPipeline
internal import HTTPServer
internal import Vectors

/// An image's vectors in a collection's layout, and its small picture.
struct EmbeddedItem: Sendable {
    let digest: ContentDigest
    /// The collection's spaces, one after the other.
    let vector: [Float]
    let isCached: Bool
    /// Nil where the collection keeps none, or where it could not be made.
    var thumbnail: [UInt8]?
}

/// An image on its way into a collection; the id finds a thumbnail that is there already.
struct ItemImage: Sendable {
    let id: ItemID?
    let bytes: [UInt8]
}

extension FacetAPI {
    typealias ItemOutcomes = [Result<EmbeddedItem, APIError>]

    /// Embeds images into a collection's spaces; `completion` is called once, with an outcome an image.
    ///
    /// With `thumbnailSide` each has a small picture, made from the image as it was decoded for the network. An image whose
    /// vectors were in the cache is decoded only where the item that it replaces has no thumbnail of the same bytes.
    func embedItems(
        _ images: [ItemImage], _ record: CollectionRecord, thumbnailSide: Int?, _ cancellation: HTTPCancellation,
        _ completion: @escaping @Sendable (ItemOutcomes) -> Void
    ) throws(APIError) {
        let model = try model(of: record)
        let work = EmbeddingRequest(
            images: images.map(\.bytes), model: model, spaces: try spaces(of: record, in: model),
            thumbnailSide: thumbnailSide, isCancelled: { cancellation.isCancelled })
        try embedCached(work) { [self] outcomes, _ in
            let made = outcomes.map { outcome in
                outcome.mapError { APIError($0, place: "image") }.map {
                    EmbeddedItem(
                        digest: $0.image.digest, vector: $0.image.embeddings.flatMap(\.values), isCached: $0.isCached,
                        thumbnail: $0.image.thumbnail)
                }
            }
            guard let thumbnailSide else { return completion(made) }
            addThumbnails(to: made, images, record, work, side: thumbnailSide, completion)
        }
    }

    /// Gives the images that were not decoded their small pictures: those that are stored, else new ones.
    private func addThumbnails(
        to made: ItemOutcomes, _ images: [ItemImage], _ record: CollectionRecord, _ work: EmbeddingRequest, side: Int,
        _ completion: @escaping @Sendable (ItemOutcomes) -> Void
    ) {
        var made = made
        var missing: [Int] = []
        for (place, outcome) in made.enumerated() {
            guard case .success(var item) = outcome, item.isCached, item.thumbnail == nil else { continue }
            item.thumbnail = storedThumbnail(images[place].id, item.digest, record)
            if item.thumbnail == nil { missing.append(place) } else { made[place] = .success(item) }
        }
        guard !missing.isEmpty else { return completion(made) }
        let (found, places) = (made, missing)
        do throws(AdmissionError) {
            try configuration.pipeline.makeThumbnails(
                of: places.map { images[$0].bytes }, side: side, for: work.model, isCancelled: work.isCancelled
            ) { thumbnails in
                completion(Self.join(found, thumbnails, at: places))
            }
        } catch {
            let refusal = APIError(error)
            completion(made.map { $0.flatMap { _ in .failure(refusal) } })
        }
    }

    private static func join(_ made: ItemOutcomes, _ thumbnails: [[UInt8]?], at places: [Int]) -> ItemOutcomes {
        var made = made
        for (place, thumbnail) in zip(places, thumbnails) {
            made[place] = made[place].map { item in
                var item = item
                item.thumbnail = thumbnail
                return item
            }
        }
        return made
    }

    /// The thumbnail of an item that holds the same bytes already; nil otherwise, and where it cannot be read.
    private func storedThumbnail(_ id: ItemID?, _ digest: ContentDigest, _ record: CollectionRecord) -> [UInt8]? {
        guard let store = configuration.collections?.store, let id,
            let item = try? store.item(id, in: record.definition.name), item.digest == digest,
            item.thumbnailBytes != nil
        else { return nil }
        return try? store.thumbnail(of: id, in: record.definition.name)
    }

    /// Pixels of the thumbnails that a collection's items get; nil for none.
    func thumbnailSide(of record: CollectionRecord) -> Int? {
        (record.thumbnails ?? configuration.thumbnails).pixels
    }
}
