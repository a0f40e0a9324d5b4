// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Telemetry
internal import EmbeddingPipeline
internal import HTTPServer

extension FacetAPI {
    /// Bytes of a body that holds no images.
    static var largestQuestion: Int { 4 << 20 }

    /// Why an upload to a collection would be refused whatever it holds; nil when it is worth reading.
    func collectionsRefusal(_ head: HTTPRequestHead) -> APIError? {
        do throws(APIError) { _ = try requireCollections() } catch { return error }
        guard configuration.pipeline.hasRoom else {
            configuration.pipeline.metrics.refused.add()
            return APIError(AdmissionError.queueFull(retryAfter: 1))
        }
        return nil
    }

    /// The route's pattern, for metrics.
    static func name(of endpoint: Endpoint) -> String {
        switch endpoint {
        case .collections: "/v1/collections"
        case .items, .newItems: "/v1/collections/{c}/items"
        case .item, .newItem, .noItem: "/v1/collections/{c}/items/{id}"
        case .itemImage: "/v1/collections/{c}/items/{id}/image"
        case .itemThumbnail: "/v1/collections/{c}/items/{id}/thumbnail"
        case .search: "/v1/collections/{c}/search"
        case .advise: "/v1/collections/{c}/advise"
        default: "/v1/collections/{c}"
        }
    }

    /// Answers a call about collections, off the event loop.
    func respond(
        _ endpoint: Endpoint, _ captures: [String: String], _ request: HTTPRequest,
        _ reply: @escaping @Sendable (HTTPResponse) -> Void
    ) {
        let (name, id) = (captures["collection"] ?? "", captures["id"] ?? "")
        switch endpoint {
        case .newItem: begin(reply) { [self] () throws(APIError) in try putItem(name, id, request, reply) }
        case .newItems: begin(reply) { [self] () throws(APIError) in try putItems(name, request, reply) }
        case .search: begin(reply) { [self] () throws(APIError) in try search(name, request, reply) }
        default:
            onCatalog(reply) { [self] _ throws(APIError) in
                switch endpoint {
                case .collections: try listCollections(request.head)
                case .newCollection: try createCollection(name, request.body)
                case .noCollection: try deleteCollection(name)
                case .items: try listItems(name, request.head)
                case .item: try describeItem(name, id)
                case .noItem: try deleteItem(name, id)
                case .itemImage: try itemImage(name, id)
                case .itemThumbnail: try itemThumbnail(name, id, request.head)
                case .advise: try advise(name, request.body)
                default: try describeCollection(name)
                }
            }
        }
    }

    /// Starts a call that answers later by itself, or at once with the error that `body` throws.
    private func begin(
        _ reply: @escaping @Sendable (HTTPResponse) -> Void, _ body: @escaping @Sendable () throws(APIError) -> Void
    ) {
        guard waitingForCatalog.enter() else {
            return reply(response(APIError(.catalogQueueFull, "Too many calls wait for the catalog.", retryAfter: 1)))
        }
        catalogWork.addOperation { [self] in
            defer { waitingForCatalog.leave() }
            do throws(APIError) { try body() } catch { reply(response(error)) }
        }
    }
}
