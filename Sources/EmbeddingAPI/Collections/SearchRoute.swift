// SPDX-License-Identifier: Apache-2.0

internal import Statistics
internal import Foundation
internal import Advice
internal import Catalog
internal import Collections
internal import EmbeddingPipeline
internal import HTTPServer
internal import ModelFolders
internal import Telemetry
internal import Vectors

extension FacetAPI {
    /// `POST .../search`.
    func search(
        _ name: String, _ request: HTTPRequest, _ reply: @escaping @Sendable (HTTPResponse) -> Void
    ) throws(APIError) {
        let service = try requireCollections()
        let call = try SearchCall(parsing: request, limits: service.store.limits)
        let collection = try catalog { () throws(CatalogError) in try CollectionName(name) }
        switch call.target {
        case .source(let source): find(call.request(source), in: collection, reply)
        case .image(let bytes):
            let record = try self.collection(name)
            try embedItems(
                [ItemImage(id: nil, bytes: bytes)], record, thumbnailSide: nil, request.cancellation
            ) { [self] outcomes in
                switch outcomes[0] {
                case .failure(let error): reply(response(error))
                case .success(let item):
                    find(call.request(.vectors(Self.segments(of: item.vector, record))), in: collection, reply)
                }
            }
        case nil: throw APIError(CollectionsError.nothingToSearch)
        }
    }

    /// As many searches at a time as the engine likes: one, where each is on all threads like forward passes.
    private func find(
        _ request: SearchRequest, in name: CollectionName, _ reply: @escaping @Sendable (HTTPResponse) -> Void
    ) {
        guard waitingForCatalog.enter() else {
            return reply(response(APIError(.catalogQueueFull, "Too many calls wait for the catalog.", retryAfter: 1)))
        }
        let width = configuration.collections?.searchesAtOnce ?? 1
        if searching.maxConcurrentOperationCount != width { searching.maxConcurrentOperationCount = width }
        searching.addOperation { [self] in
            defer { waitingForCatalog.leave() }
            let start = configuration.ticker.now
            let answer: HTTPResponse
            do throws(APIError) {
                let service = try requireCollections()
                answer = Self.answer(try found { () throws(CollectionsError) in try service.search(name, request) })
            } catch {
                answer = response(error)
            }
            catalogSeconds.search.observe(configuration.ticker.now - start)
            reply(answer)
        }
    }

    func found<Value>(_ body: () throws(CollectionsError) -> Value) throws(APIError) -> Value {
        do throws(CollectionsError) { return try body() } catch { throw APIError(error) }
    }

    private static func segments(of vector: [Float], _ record: CollectionRecord) -> [SpaceName: [Float]] {
        var start = 0
        var vectors: [SpaceName: [Float]] = [:]
        for space in record.definition.spaces {
            vectors[space.name] = Array(vector[start..<start + space.dimensions])
            start += space.dimensions
        }
        return vectors
    }

    private static func answer(_ answer: SearchAnswer) -> HTTPResponse {
        var writer = JSONWriter()
        writer.object { out in
            out.key("hits")
            out.array { list in
                for hit in answer.hits {
                    list.object { entry in
                        entry.field("id", hit.item.id.text)
                        entry.key("score")
                        entry.number(Float(hit.score))
                        entry.key("scores")
                        entry.object { scores in
                            for (space, cosine) in hit.scores {
                                scores.key(space.text)
                                scores.number(Float(cosine))
                            }
                        }
                        entry.key("metadata")
                        entry.raw(hit.item.metadata.text)
                    }
                }
            }
            out.field("exact", answer.isExact)
            out.key("recall")
            out.number(Float(answer.expectedRecall))
        }
        return HTTPResponse(status: 200, contentType: "application/json", body: writer.bytes)
    }

    // MARK: Advice

    /// `POST .../advise`.
    func advise(_ name: String, _ body: [UInt8]) throws(APIError) -> HTTPResponse {
        let service = try requireCollections()
        let record = try collection(name)
        let call = try AdviseCall(body, limits: service.store.limits)
        let examples = try call.examples(in: service.store, record.definition.name)
        let known = configuration.registry[record.definition.model]?.manifest
        var sensitivities: [SpaceName: [String]] = [:]
        for space in record.definition.spaces { sensitivities[space.name] = known?.space(space.name)?.sensitiveTo }
        let advice = try found { () throws(CollectionsError) in
            try service.advise(record.definition.name, examples, sensitivities: sensitivities)
        }
        let names = record.definition.spaces.map(\.name.text)
        return json { AdviceAnswer(advice: advice, spaces: names).write(to: &$0) }
    }
}
