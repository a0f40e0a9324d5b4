// SPDX-License-Identifier: Apache-2.0

internal import Collections
internal import Catalog
internal import EmbeddingPipeline
internal import ModelFolders
internal import Synchronization
internal import Vectors

/// An image's vectors, and whether they were known before it was decoded.
struct CachedEmbedding: Sendable {
    let image: EmbeddedImage
    let isCached: Bool
}

extension FacetAPI {
    typealias CachedOutcomes = [Result<CachedEmbedding, EmbeddingFailure>]

    /// Embeds images, those seen before without decoding them; `completion` is called once, on any thread.
    ///
    /// Pixels are neither looked up nor kept: their bytes could be those of somebody's file, with another vector.
    /// Vectors are kept as the network gives them; `request.normalise` is met afterwards. Reads the disk: not for an event
    /// loop while there is a cache.
    /// - Throws: what the queue refuses; nothing was started then.
    func embedCached(
        _ request: EmbeddingRequest, completion: @escaping @Sendable (CachedOutcomes, EmbeddingTiming) -> Void
    ) throws(APIError) {
        let cache = request.content == .files ? configuration.collections?.store.embeddings : nil
        let lookup = CacheLookup(request, cache)
        guard !lookup.missing.isEmpty else { return completion(lookup.answer([]), EmbeddingTiming()) }
        var work = request
        work.images = lookup.missing.map { request.images[$0] }
        work.normalise = false
        do {
            try configuration.pipeline.submit(work) { answer in
                lookup.keep(answer.outcomes)
                completion(lookup.answer(answer.outcomes), answer.timing)
            }
        } catch {
            throw APIError(error)
        }
    }
}

/// What the cache knows of a request's images.
private struct CacheLookup: Sendable {
    private let request: EmbeddingRequest
    private let cache: (any EmbeddingKeeper)?
    private let digests: [ContentDigest]
    private let found: [[Embedding]?]
    /// Positions of the images that must be computed.
    let missing: [Int]

    init(_ request: EmbeddingRequest, _ cache: (any EmbeddingKeeper)?) {
        self.request = request
        self.cache = cache
        guard let cache else {
            (digests, found) = ([], [])
            missing = Array(request.images.indices)
            return
        }
        let digests = request.images.map { ContentDigest(of: $0) }
        let names = request.spaces.map(\.name)
        let found = digests.map { cache.find(Self.key($0, request.model), spaces: names) }
        (self.digests, self.found) = (digests, found)
        missing = found.indices.filter { found[$0] == nil }
    }

    /// Every setting and version that a vector depends on.
    private static func key(_ digest: ContentDigest, _ model: EmbeddingModel) -> EmbeddingKey {
        EmbeddingKey(content: digest, checkpoint: model.digest, preprocessing: model.identity)
    }

    /// Remembers what was computed.
    func keep(_ outcomes: [Result<EmbeddedImage, EmbeddingFailure>]) {
        guard let cache else { return }
        for outcome in outcomes {
            guard case .success(let image) = outcome else { continue }
            cache.keep(image.embeddings, for: Self.key(image.digest, request.model))
        }
    }

    /// An outcome for each image of the request, given those of the missing ones.
    func answer(_ computed: [Result<EmbeddedImage, EmbeddingFailure>]) -> FacetAPI.CachedOutcomes {
        precondition(computed.count == missing.count, "\(computed.count) outcomes for \(missing.count) images")
        var rest = computed.makeIterator()
        return request.images.indices.map { place in
            if found.indices.contains(place), let embeddings = found[place] {
                return .success(made(EmbeddedImage(digest: digests[place], embeddings: embeddings), isCached: true))
            }
            guard let next = rest.next() else { preconditionFailure("fewer outcomes than images") }
            return next.map { made($0, isCached: false) }
        }
    }

    private func made(_ image: EmbeddedImage, isCached: Bool) -> CachedEmbedding {
        let embeddings = request.normalise ? image.embeddings.map(\.normalised) : image.embeddings
        return CachedEmbedding(
            image: EmbeddedImage(digest: image.digest, embeddings: embeddings, thumbnail: image.thumbnail),
            isCached: isCached)
    }
}
