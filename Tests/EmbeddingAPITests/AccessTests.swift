// SPDX-License-Identifier: Apache-2.0

import Access
import EmbeddingAPI
import Foundation
import HTTPServer
import TestSupport
import Testing

@Suite("Keys")
struct AccessTests {
    static let roles: [Role] = [.read, .write, .admin]
    let secrets = [Secret.random(), Secret.random(), Secret.random()]
    let scoped = Secret.random()
    let slow = Secret.random()
    let catalog: CatalogClient

    init() throws {
        let path = NSTemporaryDirectory() + "facet-keys-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        var lines = zip(Self.roles, secrets).map { role, secret in "\(role)-key \(role) \(secret.digest)" }
        lines.append("scoped admin \(scoped.digest) collections=shop")
        lines.append("slow read \(slow.digest) rate=2/hour")
        try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        catalog = try CatalogClient(access: AccessControl(path: path))
    }

    func call(
        _ method: HTTPMethod, _ target: String, _ secret: Secret?, body: [UInt8] = [], type: String = "image/png"
    ) async throws -> Reply {
        var headers: HTTPHeaders = body.isEmpty ? [:] : ["Content-Type": type]
        if let secret { headers.set("Authorization", "Bearer \(secret.text)") }
        return try await catalog.client.call(method, target, headers, body: body)
    }

    /// Every call of the interface with the lowest role that may make it; nil where anybody may.
    static let calls: [(HTTPMethod, String, Role?)] = [
        (.get, "/health/live", nil), (.get, "/health/ready", nil), (.get, "/openapi.yaml", nil),
        (.get, "/v1/info", .read), (.get, "/v1/models", .read), (.get, "/v1/models/looc", .read),
        (.post, "/v1/models/looc/load", .admin), (.post, "/v1/models/looc/unload", .admin), (.get, "/metrics", .read),
        (.post, "/v1/embeddings", .read), (.get, "/v1/collections", .read), (.get, "/v1/collections/shop", .read),
        (.get, "/v1/collections/shop/items", .read), (.get, "/v1/collections/shop/items/a", .read),
        (.get, "/v1/collections/shop/items/a/image", .read), (.post, "/v1/collections/shop/search", .read),
        (.post, "/v1/collections/shop/advise", .read), (.put, "/v1/collections/shop/items/a", .write),
        (.post, "/v1/collections/shop/items", .write), (.delete, "/v1/collections/shop/items/a", .write),
        (.put, "/v1/collections/shop", .admin), (.delete, "/v1/collections/shop", .admin),
        (.get, "/v2/health/live", nil), (.get, "/v2/health/ready", nil), (.get, "/v2", .read),
        (.get, "/v2/models/looc", .read), (.get, "/v2/models/looc/ready", .read),
        (.post, "/v2/models/looc/infer", .read),
        (.post, "/v2/models/looc/versions/1/infer", .read),
    ]

    @Test(
        "Each call takes its role and not a lower one; without a key only health and the contract answer",
        arguments: calls)
    func everyCall(method: HTTPMethod, target: String, needed: Role?) async throws {
        let body: [UInt8] = method == .get || method == .delete ? [] : [1]
        let without = try await call(method, target, nil, body: body)
        #expect((without.code == "key_missing") == (needed != nil), "\(target): \(without.text.prefix(80))")
        if needed != nil {
            #expect(without.status == 401 && without.response.headers.first("WWW-Authenticate") != nil)
            #expect(try await call(method, target, Secret.random(), body: body).code == "key_unknown")
        }
        for (role, secret) in zip(Self.roles, secrets) {
            let reply = try await call(method, target, secret, body: body)
            let refused = reply.code == "key_forbidden"
            #expect(refused == (needed.map { role < $0 } ?? false), "\(role) \(target): \(reply.text.prefix(80))")
            if refused { #expect(reply.status == 403) }
        }
    }

    @Test("A key for one collection sees that one, in lists too")
    func collections() async throws {
        for name in ["shop", "other"] {
            #expect(try await call(.put, "/v1/collections/\(name)", secrets[2]).status == 201)
        }
        #expect(try await call(.get, "/v1/collections", secrets[0]).data.count == 2)
        let seen = try await call(.get, "/v1/collections", scoped).data
        #expect(seen.map { $0["name"] as? String } == ["shop"])
        #expect(try await call(.get, "/v1/collections/shop", scoped).status == 200)
        for target in ["/v1/collections/other", "/v1/collections/never-made", "/v1/collections/%73hop2"] {
            #expect(try await call(.get, target, scoped).code == "key_forbidden")
        }
        #expect(try await call(.get, "/v1/collections/%73hop", scoped).status == 200)
    }

    @Test("X-API-Key works; two keys, another scheme and bare words do not")
    func forms() async throws {
        let key = secrets[0].text
        let forms: [(HTTPHeaders, String?)] = [
            (["X-API-Key": key], nil), (["Authorization": "bearer   \(key)"], nil),
            (["Authorization": key], "key_unknown"), (["Authorization": "Basic \(key)"], "key_unknown"),
            (["Authorization": "Bearer "], "key_unknown"), (["X-API-Key": ""], "key_unknown"),
            (["Authorization": "Basic eA==", "X-API-Key": key], "key_unknown"),
        ]
        for (headers, code) in forms {
            #expect(try await catalog.client.call(.get, "/v1/models", headers).code == code, "\(headers)")
        }
        var twice: HTTPHeaders = [:]
        twice.add("X-API-Key", key)
        twice.add("X-API-Key", key)
        #expect(try await catalog.client.call(.get, "/v1/models", twice).code == "key_unknown")
    }

    @Test("A rate that is used up answers 429 with the seconds to wait, and an upload is not read")
    func rate() async throws {
        for _ in 0..<2 { #expect(try await call(.get, "/v1/models", slow).status == 200) }
        let head = try HTTPRequestHead(
            .post, "/v1/embeddings",
            headers: ["Authorization": "Bearer \(slow.text)", "Content-Type": "image/png", "Content-Length": "9000000"])
        guard case .refuse(let response) = catalog.client.api.admit(head) else {
            Issue.record("the upload was admitted")
            return
        }
        let reply = Reply(response)
        let wait = try #require(reply.response.headers.first("Retry-After").flatMap { Int($0) })
        #expect(reply.status == 429 && reply.code == "rate_limited" && (1...1800).contains(wait))
        #expect(try await call(.get, "/health/live", slow).status == 200)
    }

    @Test("Neither a refusal nor the metrics show a key")
    func silence() async throws {
        let wrong = Secret.random()
        let text = try await call(.get, "/v1/models", wrong).text + call(.get, "/metrics", secrets[0]).text
        #expect(!text.contains(wrong.text) && !text.contains("facet_\(secrets[0].text.dropFirst(6))"))
        #expect(text.contains("facet_http_responses_total{route=\"access\",status=\"401\"} 1\n"))
    }
}
