// SPDX-License-Identifier: Apache-2.0

internal import Collections
internal import Catalog
internal import EmbeddingPipeline

/// An image's vectors, and whether they were known before it was decoded.
struct CachedEmbedding: Sendable {
    let image: EmbeddedImage
    let isCached: Bool
}

extension FacetAPI {
    typealias CachedOutcomes = [Result<CachedEmbedding, EmbeddingFailure>]

    /// Embeds images, those seen before without decoding them; `completion` is called once, on any thread.
    ///
    /// Vectors are kept as the network gives them; `request.normalise` is met afterwards. May read the disk: not for an
    /// event loop, which looks what is in memory up first.
    /// - Throws: what the queue refuses; nothing was started then.
    func embedCached(
        _ request: EmbeddingRequest, completion: @escaping @Sendable (CachedOutcomes, EmbeddingTiming) -> Void
    ) throws(APIError) {
        try embed(lookUp(request), completion: completion)
    }

    /// What is known of a request's images without reading anything.
    ///
    /// Pixels are neither looked up nor kept: their bytes could be those of somebody's file, with another vector.
    func lookUp(_ request: EmbeddingRequest) -> CacheLookup {
        let cache = request.content == .files ? configuration.collections?.store.embeddings : nil
        return CacheLookup(request, cache, recent)
    }

    /// Goes on with what the disk knows, and computes the rest; as ``embedCached(_:completion:)``.
    func embed(
        _ known: CacheLookup, completion: @escaping @Sendable (CachedOutcomes, EmbeddingTiming) -> Void
    ) throws(APIError) {
        let lookup = known.readingCache()
        guard !lookup.missing.isEmpty else { return completion(lookup.answer([]), EmbeddingTiming()) }
        var work = lookup.request
        work.images = lookup.missing.map { lookup.request.images[$0] }
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
