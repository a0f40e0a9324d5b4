// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
internal import Catalog
internal import Dispatch
internal import EmbeddingPipeline
internal import Foundation
internal import Synchronization
internal import Telemetry

/// The routes of openapi.yaml.
///
/// Heads are judged before a body is read: unknown paths, wrong methods, media types that are not read, a full queue
/// and a model that is not loaded yet are refused without taking the upload.
package final class FacetAPI: HTTPHandler {
    enum Endpoint: Sendable {
        case embeddings, models, model, loadModel, unloadModel, info, live, ready, metrics, contract
        case collections, collection, newCollection, noCollection
        case page, map, sample, loadSample
        case items, newItems, item, newItem, noItem, itemImage, itemThumbnail, search, advise
        case inferenceServer, inferenceLive, inferenceReady, inferenceModel, inferenceModelReady, infer
    }

    let configuration: APIConfiguration
    let requestIDs: RequestIDs
    let responses = ResponseCounters()
    private let router: Router<Endpoint>
    private let draining = Atomic<Bool>(false)
    /// Where large bodies are taken apart, off the event loops.
    let parsing = DispatchQueue(label: "facet.parse", qos: .userInitiated, attributes: .concurrent)
    /// Calls that may wait for the disk, a few at a time.
    let catalogWork = OperationQueue()
    let waitingForCatalog = WaitingCalls(most: 1_024)
    let catalogSeconds = CatalogSeconds()
    /// Searches: one at a time where each uses all threads, else as many as the engine likes.
    let searching = OperationQueue()
    /// Models are loaded and unloaded one at a time.
    let modelWork = DispatchQueue(label: "facet.models", qos: .utility)
    let started: Duration
    let recent = RecentEmbeddings()
    let maps = MapBook()
    let samples = SampleLoader()
    private let serverMetrics = Mutex<HTTPServerMetrics?>(nil)

    package init(_ configuration: APIConfiguration) {
        self.configuration = configuration
        requestIDs = RequestIDs()
        started = configuration.ticker.now
        catalogWork.maxConcurrentOperationCount = 4
        catalogWork.qualityOfService = .userInitiated
        searching.maxConcurrentOperationCount = 1
        searching.qualityOfService = .userInitiated
        router = Self.routes()
    }

    private static func routes() -> Router<Endpoint> {
        var router = Router<Endpoint>()
        router.add(.post, "/v1/embeddings", .embeddings)
        router.add(.get, "/v1/models", .models)
        router.add(.get, "/v1/models/{model}", .model)
        router.add(.post, "/v1/models/{model}/load", .loadModel)
        router.add(.post, "/v1/models/{model}/unload", .unloadModel)
        router.add(.get, "/v1/info", .info)
        router.add(.get, "/health/live", .live)
        router.add(.get, "/health/ready", .ready)
        router.add(.get, "/metrics", .metrics)
        router.add(.get, "/openapi.yaml", .contract)
        let collection = "/v1/collections/{collection}"
        router.add(.get, "/v1/collections", .collections)
        router.add(.put, collection, .newCollection)
        router.add(.get, collection, .collection)
        router.add(.delete, collection, .noCollection)
        router.add(.get, collection + "/items", .items)
        router.add(.post, collection + "/items", .newItems)
        router.add(.put, collection + "/items/{id}", .newItem)
        router.add(.get, collection + "/items/{id}", .item)
        router.add(.delete, collection + "/items/{id}", .noItem)
        router.add(.get, collection + "/items/{id}/image", .itemImage)
        router.add(.get, collection + "/items/{id}/thumbnail", .itemThumbnail)
        router.add(.post, collection + "/search", .search)
        router.add(.post, collection + "/advise", .advise)
        addInference(to: &router)
        addPages(to: &router)
        return router
    }

    /// From now on readiness says no, so that load balancers send no more.
    package func startDraining() {
        draining.store(true, ordering: .relaxed)
    }

    var isDraining: Bool { draining.load(ordering: .relaxed) }

    /// Adds the server's own counters to `/metrics`.
    package func attach(_ metrics: HTTPServerMetrics) {
        serverMetrics.withLock { $0 = metrics }
    }

    var attachedMetrics: HTTPServerMetrics? { serverMetrics.withLock { $0 } }

    // MARK: HTTPHandler

    package func admit(_ head: HTTPRequestHead) -> HTTPAdmission {
        let match = router.match(head.method, head.pathSegments)
        if case .found(let endpoint, let captures) = match, let refusal = accessRefusal(endpoint, captures, head) {
            return refuse(response(refusal, to: head), "access", head)
        }
        switch match {
        case .notFound:
            return refuse(response(Self.nothing, to: head), "unknown", head)
        case .methodNotAllowed(let methods) where head.method == .options:
            return refuse(.options(allow: methods), "options", head)
        case .methodNotAllowed(let methods):
            let error = APIError(.methodNotAllowed, "This path does not take \(head.method.name).")
            var response = response(error, to: head)
            response.headers.set("Allow", methods.map(\.name).joined(separator: ", "))
            return refuse(response, "unknown", head)
        case .found(.embeddings, _):
            if let refusal = embeddingsRefusal(head) { return refuse(response(refusal), "/v1/embeddings", head) }
            return .accept(bodyLimit: configuration.limits.bodyBytes)
        case .found(.infer, _):
            let route = Self.inferenceName(of: .infer)
            if let refusal = inferenceRefusal(head) { return refuse(inferenceError(refusal), route, head) }
            return .accept(bodyLimit: configuration.limits.bodyBytes)
        case .found(.newItems, _), .found(.newItem, _), .found(.search, _):
            if let refusal = collectionsRefusal(head) { return refuse(response(refusal), "/v1/collections", head) }
            return .accept(bodyLimit: configuration.limits.bodyBytes)
        case .found(.newCollection, _), .found(.advise, _):
            return .accept(bodyLimit: min(configuration.limits.bodyBytes, Self.largestQuestion))
        case .found:
            return .accept(bodyLimit: 0)
        }
    }

    package func respond(to request: HTTPRequest, _ reply: @escaping @Sendable (HTTPResponse) -> Void) {
        let context = RequestContext(
            request.head, id: requestIDs.identify(request.head), start: configuration.ticker.now)
        guard case .found(let endpoint, let captures) = router.match(request.head.method, request.head.pathSegments)
        else { return reply(finish(response(Self.nothing, to: request.head), "unknown", context)) }
        switch endpoint {
        case .embeddings:
            embed(request, context) { [self] in reply(finish($0, "/v1/embeddings", context)) }
        case .models: reply(finish(listModels(), "/v1/models", context))
        case .model: reply(finish(describeModel(captures["model"] ?? ""), "/v1/models/{model}", context))
        case .loadModel, .unloadModel:
            let name = captures["model"] ?? ""
            let loads = endpoint == .loadModel
            onModels {
                [self] in
                reply(finish($0, "/v1/models/{model}/\(loads ? "load" : "unload")", context))
            } _: { [self] () throws(APIError) in
                try loads ? loadModel(name) : unloadModel(name)
            }
        case .info: reply(finish(info(), "/v1/info", context))
        case .page, .map, .sample, .loadSample: respond(endpoint, captures, request.head, context, reply)
        case .live: reply(finish(live(), "/health/live", context))
        case .ready: reply(finish(ready(), "/health/ready", context))
        case .metrics: parsing.async { [self] in reply(finish(metricsPage(), "/metrics", context)) }
        case .contract:
            let page = HTTPResponse(
                status: 200, contentType: "application/yaml; charset=utf-8", body: configuration.contract)
            reply(finish(page, "/openapi.yaml", context))
        case .inferenceServer, .inferenceLive, .inferenceReady, .inferenceModel, .inferenceModelReady, .infer:
            let route = Self.inferenceName(of: endpoint)
            respondToInference(endpoint, captures, request, context) { [self] in reply(finish($0, route, context)) }
        case .collections, .collection, .newCollection, .noCollection, .items, .newItems, .item, .newItem, .noItem,
            .itemImage, .itemThumbnail, .search, .advise:
            let route = Self.name(of: endpoint)
            respond(endpoint, captures, request) { [self] in reply(finish($0, route, context)) }
        }
    }

    package func refusal(_ error: HTTPProtocolError) -> HTTPResponse {
        var response = response(APIError(error))
        let id = requestIDs.next()
        response.headers.set("X-Request-Id", id)
        responses.count(route: "protocol", status: response.status, bytes: response.body.count)
        configuration.onAnswer?(
            AnswerRecord(
                id: id, method: "OTHER", route: "protocol", status: response.status, seconds: 0,
                bytes: response.body.count, trace: nil, parent: nil))
        return response
    }

    // MARK: Common to all routes

    func error(_ code: APIError.Code, _ message: String, param: String? = nil) -> HTTPResponse {
        response(APIError(code, message, param: param))
    }

    func response(_ error: APIError) -> HTTPResponse {
        var writer = JSONWriter()
        writer.write(error)
        return decorated(HTTPResponse(status: error.status, contentType: "application/json", body: writer.bytes), error)
    }

    /// An error in the shape of the path's interface.
    private func response(_ error: APIError, to head: HTTPRequestHead) -> HTTPResponse {
        Self.speaksInference(head) ? inferenceError(error) : response(error)
    }

    private static var nothing: APIError { APIError(.notFound, "There is nothing at this path.") }

    /// The response with the headers that belong to its error.
    func decorated(_ response: HTTPResponse, _ error: APIError) -> HTTPResponse {
        var response = response
        if error.status == 401 { response.headers.set("WWW-Authenticate", "Bearer realm=\"facet\"") }
        if let seconds = error.retryAfter { response.headers.set("Retry-After", String(seconds)) }
        return response
    }

    private func refuse(_ response: HTTPResponse, _ route: String, _ head: HTTPRequestHead) -> HTTPAdmission {
        let context = RequestContext(head, id: requestIDs.identify(head), start: configuration.ticker.now)
        return .refuse(finish(response, route, context))
    }

    func finish(_ response: HTTPResponse, _ route: String, _ context: RequestContext) -> HTTPResponse {
        var response = response
        response.headers.set("X-Request-Id", context.id)
        let seconds = (configuration.ticker.now - context.start).seconds
        responses.count(route: route, status: response.status, bytes: response.body.count, seconds: seconds)
        if let tell = configuration.onAnswer { tell(record(of: response, route, context, seconds)) }
        return response
    }

    private func record(
        of response: HTTPResponse, _ route: String, _ context: RequestContext, _ seconds: Double
    ) -> AnswerRecord {
        let trace = TraceContext(context.head.headers)
        let known: [HTTPMethod] = [.get, .head, .post, .put, .delete, .options]
        return AnswerRecord(
            id: context.id, method: known.first { $0 == context.head.method }?.name ?? "OTHER", route: route,
            status: response.status, seconds: seconds, bytes: response.body.count, trace: trace?.trace,
            parent: trace?.parent)
    }
}

/// What every route knows of its request.
struct RequestContext: Sendable {
    let head: HTTPRequestHead
    let id: String
    let start: Duration

    init(_ head: HTTPRequestHead, id: String, start: Duration) {
        self.head = head
        self.id = id
        self.start = start
    }
}
