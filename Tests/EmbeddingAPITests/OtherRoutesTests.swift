// SPDX-License-Identifier: Apache-2.0

import EmbeddingAPI
import EmbeddingPipeline
import Foundation
import HTTPServer
import ServingTestSupport
import TestSupport
import Testing
import Vectors

@Suite("Models, health, metrics and the contract")
struct OtherRoutesTests {
    let client: Client

    init() throws {
        client = try Client(models: TestModels())
    }

    @Test("Models are listed with their digests and described with their spaces and limits")
    func models() async throws {
        let list = try await client.get("/v1/models")
        #expect(list.data.map { $0["id"] as? String } == ["looc", "loocpp"])
        let model = try await client.get("/v1/models/looc")
        #expect(model.json["digest"] as? String == client.models.looc.digest.description)
        let spaces = try #require(model.json["spaces"] as? [[String: Any]])
        #expect(spaces.map { $0["name"] as? String } == ["backbone", "invariant", "color", "rotation", "concat"])
        #expect(spaces.map { $0["kind"] as? String } == ["backbone", "head", "head", "head", "concat"])
        #expect(spaces[2]["sensitive_to"] as? [String] == ["color"])
        #expect((model.json["preprocessing"] as? [String: Any])?["size"] as? Int == 64)
        #expect((model.json["limits"] as? [String: Any])?["max_images_per_request"] as? Int == 64)
        let missing = try await client.get("/v1/models/nope")
        #expect(missing.status == 404 && missing.code == "model_not_found")
    }

    @Test("Ready means that the model has run; until then uploads are refused unread")
    func readiness() async throws {
        let id = try #require(ModelID("looc"))
        let empty = ModelRegistry(folder: client.models.folder, defaultID: id, pool: client.models.pool)
        let starting = try Client(models: client.models, registry: empty)
        #expect(try await starting.get("/health/live").status == 200)
        let before = try await starting.get("/health/ready")
        #expect(before.status == 503 && before.code == "not_ready")
        let upload = try await starting.post(image: Golden.image("rgb.png"))
        #expect(upload.status == 503 && upload.response.headers.first("Retry-After") == "1")
        try empty.load(id)
        #expect(try await starting.get("/health/ready").status == 200)
        starting.api.startDraining()
        #expect(try await starting.get("/health/ready").status == 503)
        #expect(try await starting.get("/health/live").status == 200)
    }

    @Test("Unknown paths, wrong methods and OPTIONS")
    func routing() async throws {
        #expect(try await client.get("/nothing").code == "not_found")
        let method = try await client.call(.delete, "/v1/models")
        #expect(method.status == 405 && method.response.headers.first("Allow") == "GET, HEAD, OPTIONS")
        let options = try await client.call(.options, "/v1/embeddings")
        #expect(options.status == 204 && options.response.headers.first("Allow") == "POST, OPTIONS")
        #expect(try await client.call(.head, "/v1/models").status == 200)
    }

    @Test("Metrics count what happened, in Prometheus's format")
    func metrics() async throws {
        _ = try await client.post(image: Golden.image("rgb.png"))
        _ = try await client.post(image: [1, 2, 3])
        let page = try await client.get("/metrics").text
        #expect(page.contains("facet_images_embedded_total 1\n") && page.contains("facet_images_failed_total 1\n"))
        #expect(page.contains("facet_http_responses_total{route=\"/v1/embeddings\",status=\"200\"} 1\n"))
        #expect(page.contains("facet_http_responses_total{route=\"/v1/embeddings\",status=\"415\"} 1\n"))
        #expect(page.contains("facet_inference_seconds_bucket{le=\"+Inf\"} 1\n"))
        for line in page.split(separator: "\n") where !line.hasPrefix("#") {
            #expect(line.split(separator: " ").count == 2 && Double(line.split(separator: " ")[1]) != nil, "\(line)")
        }
    }

    @Test("Times are told by stage and by route, and what the process takes of the machine")
    func times() async throws {
        let service = try CatalogClient()
        defer { withExtendedLifetime(service) {} }
        let catalog = service.client
        #expect(try await catalog.call(.put, "/v1/collections/shop").status == 201)
        let item = try await catalog.call(
            .put, "/v1/collections/shop/items/a", ["Content-Type": "image/png"], body: Golden.image("rgb.png"))
        #expect(item.status == 201)
        let search = try await catalog.call(
            .post, "/v1/collections/shop/search", ["Content-Type": "application/json"], body: Array(#"{"id":"a"}"#.utf8)
        )
        #expect(search.status == 200)
        let page = try await catalog.get("/metrics").text
        func value(_ name: String) -> Double? {
            page.split(separator: "\n").first { $0.hasPrefix(name + " ") }.flatMap {
                Double($0.dropFirst(name.count + 1))
            }
        }
        #expect(value("facet_queue_seconds_count") == 1 && value("facet_decode_seconds_count") == 1)
        #expect(value("facet_batch_images_count") == 1 && value("facet_inference_seconds_count") == 1)
        #expect(value("facet_catalog_seconds_count{kind=\"call\"}") == 1)
        #expect(value("facet_catalog_seconds_count{kind=\"search\"}") == 1)
        #expect((value("facet_catalog_commit_seconds_count") ?? 0) >= 2 && value("facet_catalog_vectors") == 1)
        #expect(value("facet_catalog_commit_seconds_count") == value("facet_catalog_transactions_total"))
        #expect(value("facet_http_request_seconds_count{route=\"/v1/collections/{c}/search\"}") == 1)
        #expect(value("facet_queue_images") == 0 && value("facet_queue_bytes") == 0 && value("facet_ready") == 1)
        #expect((value("process_resident_memory_bytes") ?? 0) > 1e6 && (value("process_open_fds") ?? 0) > 2)
        #expect((value("process_max_fds") ?? 0) > 2 && value("process_cpu_seconds_total") != nil)
        catalog.api.startDraining()
        let draining = try await catalog.get("/metrics").text
        #expect(draining.contains("facet_ready 0\n") && draining.contains("facet_draining 1\n"))
    }

    @Test("The contract lists exactly the routes that exist and every error code with its status")
    func contract() async throws {
        let page = try await client.get("/openapi.yaml")
        let text = page.text
        #expect(page.status == 200 && text.hasPrefix("openapi: 3.1"))
        let paths = text.split(separator: "\n").filter { $0.hasPrefix("  /") }.map {
            $0.trimmingCharacters(in: CharacterSet(charactersIn: " :"))
        }
        let served = [
            "/", "/advisor", "/docs", "/health/live", "/health/ready", "/map", "/metrics", "/models", "/openapi.yaml",
            "/status", "/v1/collections",
            "/v1/collections/{collection}", "/v1/collections/{collection}/advise",
            "/v1/collections/{collection}/items", "/v1/collections/{collection}/items/{id}",
            "/v1/collections/{collection}/items/{id}/image", "/v1/collections/{collection}/items/{id}/thumbnail",
            "/v1/collections/{collection}/map", "/v1/collections/{collection}/search", "/v1/embeddings",
            "/v1/info", "/v1/models", "/v1/models/{model}", "/v1/models/{model}/load", "/v1/models/{model}/unload",
            "/v1/sample", "/v2", "/v2/health/live", "/v2/health/ready", "/v2/models/{model}",
            "/v2/models/{model}/infer", "/v2/models/{model}/ready", "/v2/models/{model}/versions/{version}",
            "/v2/models/{model}/versions/{version}/infer", "/v2/models/{model}/versions/{version}/ready",
            "/web/{file}",
        ]
        #expect(paths.sorted() == served)
        for code in APIError.Code.allCases {
            #expect(text.contains("- \(code.rawValue)\n"), "\(code.rawValue) is not in openapi.yaml")
            #expect(text.contains("`\(code.rawValue)` (\(code.status))"), "\(code.rawValue) lacks its status")
        }
    }

    @Test("Every refusal of the server has the one error shape")
    func refusals() throws {
        for error in HTTPProtocolError.allCases {
            let reply = Reply(client.api.refusal(error))
            #expect(reply.status == error.status, "\(error)")
            #expect(Set(reply.error.keys) == ["message", "type", "param", "code"])
            #expect(reply.response.headers.first("X-Request-Id") != nil)
        }
    }
}
