// SPDX-License-Identifier: Apache-2.0

import Catalog
import Collections
import EmbeddingAPI
import HTTPServer
import TestSupport
import Testing
import VectorSearch
import Vectors

@Suite("The catalog's states over HTTP")
struct CatalogStateTests {
    @Test("While vectors are being read the server lives, is not ready, and says how far it is")
    func loading() async throws {
        let catalog = try CatalogClient(isLoaded: false)
        #expect(try await catalog.call(.get, "/health/live").status == 200)
        let ready = try await catalog.call(.get, "/health/ready")
        #expect(
            ready.status == 503 && ready.code == "not_ready" && ready.text.contains("0 of 0 vectors"), "\(ready.text)")
        #expect(ready.response.headers.first("Retry-After") == "1")
        for (method, target) in [(HTTPMethod.get, "/v1/collections"), (.put, "/v1/collections/shop/items/a")] {
            let reply = try await catalog.call(method, target, method == .get ? nil : "{}")
            #expect(reply.status == 503 && reply.code == "not_ready", "\(reply.text)")
        }
        #expect(try await catalog.client.post(image: Golden.image("rgba.png")).status == 200)
        catalog.loading.finish(try CollectionService(catalog.store, threads: 1))
        #expect(try await catalog.call(.get, "/health/ready").status == 200)
        #expect(try await catalog.call(.put, "/v1/collections/shop", "{}").status == 201)
    }

    @Test("While the catalog's server cannot be used readiness says no, and calls are told to come back")
    func away() async throws {
        let catalog = try CatalogClient(isLoaded: false)
        catalog.loading.finish(AwayEngine(inner: try CollectionService(catalog.store, threads: 1)))
        #expect(try await catalog.call(.put, "/v1/collections/shop", "{}").status == 201)
        let body = #"{"vectors":{"color":[1]}}"#
        for reply in [
            try await catalog.call(.get, "/health/ready"),
            try await catalog.call(.post, "/v1/collections/shop/search", body),
        ] {
            #expect(reply.status == 503 && reply.code == "catalog_unavailable", "\(reply.text)")
            #expect(reply.response.headers.first("Retry-After") == "1")
        }
        #expect(try await catalog.call(.get, "/health/live").status == 200)
    }

    @Test("A collection whose images were prepared in another way is refused like one of another checkpoint")
    func preprocessing() async throws {
        let catalog = try CatalogClient()
        let made = try await catalog.call(.put, "/v1/collections/shop", "{}")
        let identity = try #require(made.json["preprocessing"] as? String)
        #expect(identity.hasPrefix("v1 "))
        let bound = try catalog.store.collection(CollectionName("shop")).definition
        for (name, preprocessing) in [("changed", Optional("v0 crop 224")), ("old", nil)] {
            _ = try catalog.store.create(
                CollectionDefinition(
                    name: CollectionName(name), model: bound.model, checkpoint: bound.checkpoint, spaces: bound.spaces,
                    preprocessing: preprocessing))
            let upload = try await catalog.client.call(
                .put, "/v1/collections/\(name)/items/a", ["Content-Type": "image/png"], body: Golden.image("rgba.png"))
            let again = try await catalog.call(.put, "/v1/collections/\(name)", "{}")
            #expect(upload.status == (preprocessing == nil ? 201 : 409), "\(upload.text)")
            #expect(again.status == (preprocessing == nil ? 200 : 409), "\(again.text)")
            #expect(upload.code == (preprocessing == nil ? nil : "checkpoint_conflict") && again.code == upload.code)
        }
    }

    @Test("A full disk answers 507, loses nothing, and takes uploads again when there is room")
    func fullDisk() async throws {
        let catalog = try CatalogClient { $0.limits.fileBytes = 1 << 20 }
        _ = try await catalog.call(.put, "/v1/collections/shop", "{}")
        var (kept, refused): ([String], Reply?) = ([], nil)
        for number in 0..<200 where refused == nil {
            let reply = try await catalog.put("item-\(number)", "rgba.png", query: "?keep=true")
            if reply.status == 201 { kept.append("item-\(number)") } else { refused = reply }
        }
        #expect(refused?.status == 507 && refused?.code == "disk_full", "\(refused?.text ?? "never full")")
        #expect(kept.count > 3)
        for id in kept {
            let image = try await catalog.call(.get, "/v1/collections/shop/items/\(id)/image")
            #expect(try image.response.body == Golden.image("rgba.png"))
            #expect(try await catalog.call(.get, "/v1/collections/shop/items/\(id)/thumbnail").status == 200)
        }
        #expect(try await catalog.call(.get, "/v1/collections/shop").json["items"] as? Int == kept.count)
        #expect(try catalog.store.verify().isSound)
        for id in kept.dropLast() {
            #expect(try await catalog.call(.delete, "/v1/collections/shop/items/\(id)").status == 200)
        }
        let again = try await catalog.put("again", "rgba.png", query: "?keep=true")
        #expect(again.status == 201, "\(again.text)")
    }
}

/// An engine whose server does not answer.
private struct AwayEngine: CollectionEngine {
    let inner: CollectionService

    var store: any ItemStore { inner.store }
    var size: (collections: Int, vectors: Int, bytes: Int) { inner.size }
    var trouble: StoreTrouble? { .connectionLost }

    func search(_ name: CollectionName, _ request: SearchRequest) throws(CollectionsError) -> SearchAnswer {
        throw .catalog(.unavailable(.timedOut))
    }

    func approximation(of name: CollectionName) throws(CollectionsError) -> ApproximationStatus? { nil }

    func unitVectors(of ids: [ItemID], in record: CollectionRecord) throws(CollectionsError) -> [[Float]] {
        throw .catalog(.unavailable(.timedOut))
    }
}
