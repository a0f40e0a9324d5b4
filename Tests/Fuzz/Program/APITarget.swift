// SPDX-License-Identifier: Apache-2.0

internal import Access
internal import Catalog
internal import Collections
internal import Dispatch
internal import EmbeddingAPI
internal import EmbeddingPipeline
internal import Foundation
internal import HTTPServer
internal import ServingTestSupport
internal import Synchronization

/// Whole requests against the whole service: parser, routes, forms, JSON, images, model, catalog and search.
///
/// No answer may be 500; every error must be JSON with a code. The catalog is emptied now and then.
final class APITarget: FuzzTarget {
    private let models: TestModels
    private let collections: CollectionService
    private let api: FacetAPI
    private let rounds = Atomic<Int>(0)

    init() {
        do {
            models = try TestModels(threads: 1)
            let file = models.folder.appendingPathComponent("fuzz.sqlite").path
            collections = try CollectionService(CatalogStore(CatalogConfiguration(path: file)), threads: 1)
            api = FacetAPI(
                APIConfiguration(
                    registry: models.registry, pipeline: EmbeddingPipeline(pool: models.pool),
                    collections: collections, contract: try WebResources.contract()))
        } catch {
            preconditionFailure("the service under test did not start: \(error)")
        }
        reset()
    }

    func run(_ bytes: [UInt8]) {
        if rounds.add(1, ordering: .relaxed).newValue % 2_000 == 0 { reset() }
        for request in Self.requests(bytes) { check(answer(request), request) }
    }

    /// At most four requests, as one connection would read them.
    private static func requests(_ bytes: [UInt8]) -> [HTTPRequest] {
        var parser = RequestParser()
        var (head, requests): (HTTPRequestHead?, [HTTPRequest]) = (nil, [])
        bytes.withUnsafeBytes { bytes in
            var input = InputCursor(bytes)
            while requests.count < 4 {
                switch parser.next(&input) {
                case .needMore, .failed: return
                case .head(let found):
                    head = found
                    parser.collectBody(limit: 1 << 16)
                case .bodyEnd:
                    if let head { requests.append(HTTPRequest(head: head, body: parser.takeBody())) }
                }
            }
        }
        return requests
    }

    private func answer(_ request: HTTPRequest) -> HTTPResponse {
        switch api.admit(request.head) {
        case .refuse(let response): return response
        case .accept(let limit):
            guard request.body.count <= limit else { return api.refusal(.payloadTooLarge) }
            let done = DispatchSemaphore(value: 0)
            let given = Mutex<HTTPResponse?>(nil)
            api.respond(to: request) { response in
                given.withLock { $0 = response }
                done.signal()
            }
            expect(done.wait(timeout: .now() + 20) == .success, "no answer to \(request.head.target)")
            return given.withLock { $0 } ?? api.refusal(.payloadTooLarge)
        }
    }

    private func check(_ response: HTTPResponse, _ request: HTTPRequest) {
        let call = "\(request.head.method) \(request.head.target)"
        let text = String(decoding: response.body.prefix(2_000), as: UTF8.self)
        expect(response.status != 500, "500 to \(call): \(text)")
        guard response.status >= 400 else { return }
        let value = try? JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
        let error = value?["error"]
        let isTyped = (error as? [String: Any])?["code"] is String || error is String
        expect(isTyped, "\(response.status) to \(call) without a code: \(text)")
    }

    /// An empty catalog with one collection to work on.
    private func reset() {
        let body = Array(#"{"model":"looc"}"#.utf8)
        for call in [("DELETE", "/v1/collections/c"), ("PUT", "/v1/collections/c")] {
            let text = "\(call.0) \(call.1) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            let isPut = call.0 == "PUT"
            let length = isPut ? "Content-Length: \(body.count)\r\n\r\n" : "\r\n"
            for request in Self.requests(Array((text + length).utf8) + (isPut ? body : [])) { _ = answer(request) }
        }
    }
}
