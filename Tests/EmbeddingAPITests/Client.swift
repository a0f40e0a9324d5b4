// SPDX-License-Identifier: Apache-2.0

import Access
import Collections
import EmbeddingAPI
import EmbeddingPipeline
import Foundation
import HTTPServer
import ServingTestSupport
import TestSupport

/// Calls the API without a socket, as the server would: head first, then the body if it was admitted.
struct Client {
    let models: TestModels
    let pipeline: EmbeddingPipeline
    let api: FacetAPI

    init(
        models: TestModels, limits: APILimits = APILimits(), queue: QueueLimits = QueueLimits(),
        registry: ModelRegistry? = nil, collections: CollectionService? = nil, access: AccessControl? = nil,
        info: ServiceInfo = ServiceInfo(), onAnswer: (@Sendable (AnswerRecord) -> Void)? = nil,
        change: (inout APIConfiguration) -> Void = { _ in }
    ) throws {
        self.models = models
        pipeline = EmbeddingPipeline(pool: models.pool, limits: queue)
        var configuration = APIConfiguration(
            registry: registry ?? models.registry, pipeline: pipeline, collections: collections, access: access,
            limits: limits, contract: try WebResources.contract(), info: info, onAnswer: onAnswer)
        change(&configuration)
        api = FacetAPI(configuration)
    }

    func call(
        _ method: HTTPMethod, _ target: String, _ headers: HTTPHeaders = [:], body: [UInt8] = []
    ) async throws -> Reply {
        var headers = headers
        if !body.isEmpty { headers.set("Content-Length", String(body.count)) }
        let head = try HTTPRequestHead(method, target, headers: headers)
        switch api.admit(head) {
        case .refuse(let response): return Reply(response)
        case .accept(let limit):
            guard body.count <= limit else { return Reply(api.refusal(.payloadTooLarge)) }
            return await withCheckedContinuation { continuation in
                api.respond(to: HTTPRequest(head: head, body: body)) { continuation.resume(returning: Reply($0)) }
            }
        }
    }

    func get(_ target: String) async throws -> Reply { try await call(.get, target) }

    /// Posts one image as it is.
    func post(image: [UInt8], _ query: String = "", type: String = "image/png", accept: String? = nil) async throws
        -> Reply
    {
        var headers: HTTPHeaders = ["Content-Type": type]
        if let accept { headers.set("Accept", accept) }
        return try await call(.post, "/v1/embeddings\(query)", headers, body: image)
    }

    /// Posts JSON.
    func post(json: String, accept: String? = nil) async throws -> Reply {
        var headers: HTTPHeaders = ["Content-Type": "application/json"]
        if let accept { headers.set("Accept", accept) }
        return try await call(.post, "/v1/embeddings", headers, body: Array(json.utf8))
    }

    /// Posts images as parts of a form.
    func post(parts: [(name: String, body: [UInt8])], _ query: String = "") async throws -> Reply {
        var body: [UInt8] = []
        for part in parts {
            let head = "--XX\r\nContent-Disposition: form-data; name=\"\(part.name)\"; filename=\"a.png\"\r\n\r\n"
            body += Array(head.utf8) + part.body + Array("\r\n".utf8)
        }
        body += Array("--XX--\r\n".utf8)
        let headers: HTTPHeaders = ["Content-Type": "multipart/form-data; boundary=XX"]
        return try await call(.post, "/v1/embeddings\(query)", headers, body: body)
    }
}

/// A response with its JSON taken apart.
struct Reply: Sendable {
    let response: HTTPResponse

    init(_ response: HTTPResponse) { self.response = response }

    var status: Int { response.status }
    var text: String { String(decoding: response.body, as: UTF8.self) }

    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]) ?? [:]
    }

    /// The items of `data`.
    var data: [[String: Any]] { json["data"] as? [[String: Any]] ?? [] }

    /// The error of the whole response.
    var error: [String: Any] { json["error"] as? [String: Any] ?? [:] }
    /// The error's word, in our shape or in that of the Open Inference Protocol.
    var code: String? {
        (error["code"] as? String) ?? (json["error"] as? String)?.split(separator: ":").first.map(String.init)
    }

    /// The vector of item `index` in `space`.
    func vector(_ index: Int, _ space: String) -> [Float] {
        let spaces = data[index]["embeddings"] as? [String: Any]
        return (spaces?[space] as? [NSNumber] ?? []).map(\.floatValue)
    }
}

extension [UInt8] {
    var base64: String { Data(self).base64EncodedString() }
}
