// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import EmbeddingPipeline
internal import ModelFolders
internal import Vectors

/// What is known of a request's images: at first from memory, then from the cache, which reads a disk or asks a server.
struct CacheLookup: Sendable {
    let request: EmbeddingRequest
    private let cache: (any EmbeddingKeeper)?
    private let recent: RecentEmbeddings
    private let questions: [RecentEmbeddings.Question]
    private var found: [RecentEmbeddings.Answer?]

    /// Bytes of the embeddings in memory.
    private static let recentBytes = 16 << 20

    /// Looks into memory; without a cache nothing is known or kept.
    init(_ request: EmbeddingRequest, _ cache: (any EmbeddingKeeper)?, _ recent: RecentEmbeddings) {
        self.request = request
        self.recent = recent
        guard let cache, cache.limit > 0 else {
            (self.cache, questions) = (nil, [])
            found = request.images.map { _ in nil }
            return
        }
        let (names, model) = (request.spaces.map(\.name), request.model)
        let questions = request.images.map {
            recent.question($0, checkpoint: model.digest, preprocessing: model.identity)
        }
        let found = questions.map { recent.find($0, spaces: names) }
        for answer in found.compactMap(\.self) { cache.noteUse(of: Self.key(answer.digest, model)) }
        (self.cache, self.questions, self.found) = (cache, questions, found)
    }

    /// Positions of the images whose embeddings are not known.
    var missing: [Int] { found.indices.filter { found[$0] == nil } }

    /// Whether nothing is left to ask the cache for.
    var needsNoCache: Bool { cache == nil || missing.isEmpty }

    /// What the cache knows, too.
    func readingCache() -> CacheLookup {
        guard let cache else { return self }
        var lookup = self
        let names = request.spaces.map(\.name)
        for place in missing {
            let digest = ContentDigest(of: request.images[place])
            guard let embeddings = cache.find(Self.key(digest, request.model), spaces: names) else { continue }
            let answer = RecentEmbeddings.Answer(digest: digest, embeddings: embeddings)
            lookup.found[place] = answer
            remember(answer, place)
        }
        return lookup
    }

    /// Remembers what was computed of the missing images.
    func keep(_ computed: [Result<EmbeddedImage, EmbeddingFailure>]) {
        guard let cache else { return }
        for (place, outcome) in zip(missing, computed) {
            guard case .success(let image) = outcome else { continue }
            cache.keep(image.embeddings, for: Self.key(image.digest, request.model))
            remember(RecentEmbeddings.Answer(digest: image.digest, embeddings: image.embeddings), place)
        }
    }

    /// An outcome for each image of the request, given those of the missing ones.
    func answer(_ computed: [Result<EmbeddedImage, EmbeddingFailure>]) -> FacetAPI.CachedOutcomes {
        precondition(computed.count == missing.count, "\(computed.count) outcomes for \(missing.count) images")
        var rest = computed.makeIterator()
        return found.map { known in
            if let known {
                return .success(
                    made(EmbeddedImage(digest: known.digest, embeddings: known.embeddings), isCached: true))
            }
            guard let next = rest.next() else { preconditionFailure("fewer outcomes than images") }
            return next.map { made($0, isCached: false) }
        }
    }

    private func remember(_ answer: RecentEmbeddings.Answer, _ place: Int) {
        guard let cache else { return }
        recent.keep(answer, for: questions[place], bound: min(Self.recentBytes, cache.limit))
    }

    /// Every setting and version that a vector depends on.
    private static func key(_ digest: ContentDigest, _ model: EmbeddingModel) -> EmbeddingKey {
        EmbeddingKey(content: digest, checkpoint: model.digest, preprocessing: model.identity)
    }

    private func made(_ image: EmbeddedImage, isCached: Bool) -> CachedEmbedding {
        let embeddings = request.normalise ? image.embeddings.map(\.normalised) : image.embeddings
        return CachedEmbedding(
            image: EmbeddedImage(digest: image.digest, embeddings: embeddings, thumbnail: image.thumbnail),
            isCached: isCached)
    }
}
