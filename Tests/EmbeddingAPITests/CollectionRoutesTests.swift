// SPDX-License-Identifier: Apache-2.0

import Access
import Catalog
import Collections
import EmbeddingAPI
import EmbeddingPipeline
import Foundation
import HTTPServer
import ServingTestSupport
import TestSupport
import Testing
import Vectors

/// A client of a service with a catalog in a folder of its own.
final class CatalogClient: Sendable {
    let client: Client
    let store: CatalogStore
    let loading: CollectionsLoading
    private let folder: URL

    /// `change` makes another catalog of it; without `isLoaded` its vectors are still being read.
    init(
        access: AccessControl? = nil, isLoaded: Bool = true, thumbnails: ThumbnailRule = .usual,
        stuckAfter: Duration = .seconds(30), change: (inout CatalogConfiguration) -> Void = { _ in }
    ) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("facet-api-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var configuration = CatalogConfiguration(path: folder.appendingPathComponent("c.sqlite").path)
        change(&configuration)
        store = try CatalogStore(configuration)
        let loading = CollectionsLoading(store)
        self.loading = loading
        client = try Client(
            models: TestModels(), collections: isLoaded ? CollectionService(store, threads: 2) : nil, access: access,
            change: {
                $0.loading = isLoaded ? nil : loading
                $0.thumbnails = thumbnails
                $0.stuckAfter = stuckAfter
            })
    }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Calls with a JSON body, or none.
    func call(_ method: HTTPMethod, _ target: String, _ json: String? = nil) async throws -> Reply {
        let headers: HTTPHeaders = json == nil ? [:] : ["Content-Type": "application/json"]
        return try await client.call(method, target, headers, body: json.map { Array($0.utf8) } ?? [])
    }

    /// Keeps a golden image under an id.
    @discardableResult
    func put(_ id: String, _ image: String, _ metadata: String = "{}", query: String = "") async throws -> Reply {
        try await client.call(
            .put, "/v1/collections/shop/items/\(id)\(query)",
            ["Content-Type": "image/png", "X-Facet-Metadata": metadata], body: Golden.image(image))
    }

    /// The ids of a search's hits, in order.
    func search(_ json: String) async throws -> [String] {
        let reply = try await call(.post, "/v1/collections/shop/search", json)
        #expect(reply.status == 200, "\(reply.text)")
        return (reply.json["hits"] as? [[String: Any]])?.compactMap { $0["id"] as? String } ?? []
    }
}

@Suite("Collections over HTTP")
struct CollectionRoutesTests {
    let catalog: CatalogClient

    init() throws { catalog = try CatalogClient() }

    private func code(_ reply: Reply) -> String? { (reply.json["error"] as? [String: Any])?["code"] as? String }

    @Test("A collection is made once, found again, listed and deleted; another shape conflicts")
    func lifeOfACollection() async throws {
        let made = try await catalog.call(.put, "/v1/collections/shop", #"{"model":"looc"}"#)
        #expect(made.status == 201 && made.json["items"] as? Int == 0, "\(made.text)")
        #expect(
            (made.json["spaces"] as? [[String: Any]])?.compactMap { $0["name"] as? String }.contains("color") == true)
        #expect(try await catalog.call(.put, "/v1/collections/shop", "{}").status == 200)
        let other = try await catalog.call(.put, "/v1/collections/shop", #"{"spaces":["color"]}"#)
        #expect(other.status == 409 && code(other) == "collection_conflict")
        #expect((try await catalog.call(.get, "/v1/collections").json["data"] as? [Any])?.count == 1)
        #expect(try await catalog.call(.delete, "/v1/collections/shop").status == 200)
        #expect(code(try await catalog.call(.get, "/v1/collections/shop")) == "collection_not_found")
        for (name, json, wanted) in [
            ("sh%20op", "{}", "invalid_collection_name"), ("a", #"{"spaces":["nope"]}"#, "unknown_space"),
            ("a", #"{"colour":1}"#, "unknown_field"), ("a", "[", "invalid_json"),
            ("a", #"{"model":"none"}"#, "model_not_found"), ("a", #"{"element":"int8"}"#, "invalid_request"),
        ] {
            #expect(code(try await catalog.call(.put, "/v1/collections/\(name)", json)) == wanted)
        }
    }

    @Test("An item goes in, comes back with its metadata, is replaced and deleted")
    func lifeOfAnItem() async throws {
        _ = try await catalog.call(.put, "/v1/collections/shop", "{}")
        let put = try await catalog.put("a%2Fb", "rgba.png", #"{"price":5, "tags":["x"]}"#, query: "?keep=true")
        #expect(
            put.status == 201 && put.json["id"] as? String == "a/b" && put.json["new"] as? Bool == true, "\(put.text)")
        let item = try await catalog.call(.get, "/v1/collections/shop/items/a%2Fb")
        #expect(item.json["digest"] as? String == ContentDigest(of: try Golden.image("rgba.png")).description)
        #expect(
            (item.json["metadata"] as? [String: Any])?["price"] as? Int == 5 && item.json["has_image"] as? Bool == true)
        let image = try await catalog.call(.get, "/v1/collections/shop/items/a%2Fb/image")
        #expect(try image.response.body == Golden.image("rgba.png"))
        #expect(image.response.headers.first("Content-Type") == "image/png")
        let again = try await catalog.put("a%2Fb", "rgba.png")
        #expect(again.status == 200 && again.json["cached"] as? Bool == true && again.json["new"] as? Bool == false)
        #expect(code(try await catalog.call(.get, "/v1/collections/shop/items/a%2Fb/image")) == "item_not_found")
        #expect(try await catalog.call(.delete, "/v1/collections/shop/items/a%2Fb").status == 200)
        #expect(code(try await catalog.call(.delete, "/v1/collections/shop/items/a%2Fb")) == "item_not_found")
        #expect(code(try await catalog.put("x", "rgba.png", "[1]")) == "invalid_metadata")
        #expect(code(try await catalog.put("x", "rgba.png", query: "?keep=1")) == "invalid_request")
        let broken = try await catalog.client.call(
            .put, "/v1/collections/shop/items/x", ["Content-Type": "image/png"], body: [1, 2, 3])
        #expect(broken.status == 415 && code(broken) == "image_format_unsupported")
        #expect((try await catalog.call(.get, "/v1/collections/shop").json["items"] as? Int) == 0)
    }

    @Test("A batch keeps the good lines and names the bad ones; pages list every item once")
    func batchAndPages() async throws {
        _ = try await catalog.call(.put, "/v1/collections/shop", "{}")
        let image = try Golden.image("rgba.png").base64
        let lines = [
            #"{"id":"a","image":"\#(image)","metadata":{"n":1}}"#, #"{"id":"b"}"#, #"{"id":"","image":"\#(image)"}"#,
            #"{"id":"c","image":"AAAA"}"#, #"{"id":"d","image":"\#(image)"}"#,
        ]
        let reply = try await catalog.client.call(
            .post, "/v1/collections/shop/items", ["Content-Type": "application/x-ndjson"],
            body: Array(lines.joined(separator: "\n").utf8))
        let data = try #require(reply.json["data"] as? [[String: Any]], "\(reply.text)")
        let codes = data.map { ($0["error"] as? [String: Any])?["code"] as? String ?? "" }
        #expect(codes == ["", "missing_input", "invalid_item_id", "image_format_unsupported", ""])
        #expect(data[0]["id"] as? String == "a" && data[4]["new"] as? Bool == true)
        var (seen, cursor): ([String], String?) = ([], nil)
        repeat {
            let next = cursor.map { "&cursor=\($0)" } ?? ""
            let page = try await catalog.call(.get, "/v1/collections/shop/items?limit=1\(next)")
            seen += (page.json["data"] as? [[String: Any]])?.compactMap { $0["id"] as? String } ?? []
            cursor = page.json["next"] as? String
        } while cursor != nil
        #expect(seen == ["a", "d"])
        let filtered = try await catalog.call(.get, "/v1/collections/shop/items?filter=%7B%22n%22%3A1%7D")
        #expect((filtered.json["data"] as? [Any])?.count == 1)
        #expect(code(try await catalog.call(.get, "/v1/collections/shop/items?cursor=x")) == "invalid_cursor")
        #expect(code(try await catalog.call(.get, "/v1/collections/shop/items?limit=0")) == "invalid_request")
    }

    @Test("Searches by upload, by id, by vectors and by examples find the same neighbours in the same order")
    func searches() async throws {
        _ = try await catalog.call(.put, "/v1/collections/shop", "{}")
        let images = ["rgba.png", "rgb.png", "gray.png", "palette.png", "wide.png"].filter {
            (try? Golden.image($0)) != nil
        }
        for (place, image) in images.enumerated() {
            #expect(try await catalog.put("i\(place)", image, #"{"even":\#(place % 2 == 0)}"#).status == 201)
        }
        let body = try Golden.image(images[0])
        let upload = try await catalog.client.call(
            .post, "/v1/collections/shop/search?k=5&weights=color:1,rotation:0.5", ["Content-Type": "image/png"],
            body: body)
        let hits = try #require(upload.json["hits"] as? [[String: Any]], "\(upload.text)")
        #expect(hits[0]["id"] as? String == "i0" && upload.json["exact"] as? Bool == true)
        #expect(abs((hits[0]["score"] as? Double ?? 0) - 1) < 1e-4)
        let scores = try #require(hits[1]["scores"] as? [String: Double])
        let expected = ((scores["color"] ?? 0) + 0.5 * (scores["rotation"] ?? 0)) / 1.5
        #expect(abs((hits[1]["score"] as? Double ?? 0) - expected) < 1e-5 && scores.count == 3)
        let order = hits.compactMap { $0["id"] as? String }
        let weights = #""weights":{"color":1,"rotation":0.5}"#
        #expect(try await catalog.search(#"{"image":"\#(body.base64)",\#(weights)}"#) == order)
        #expect(try await catalog.search(#"{"id":"i0",\#(weights)}"#) == Array(order.dropFirst()))
        let embedded = try await catalog.client.post(image: body, "?spaces=color,rotation")
        let vectors = embedded.data[0]["embeddings"] as? [String: Any] ?? [:]
        let text = String(decoding: try JSONSerialization.data(withJSONObject: vectors), as: UTF8.self)
        #expect(try await catalog.search(#"{"vectors":\#(text),\#(weights)}"#) == order)
        #expect(try await catalog.search(#"{"like":["i0"],"unlike":[],\#(weights)}"#) == Array(order.dropFirst()))
        #expect(
            try await catalog.search(#"{"id":"i0","filter":{"even":true}}"#).allSatisfy { ["i2", "i4"].contains($0) })
        #expect(try await catalog.search(#"{"id":"i0",\#(weights),"offset":1,"k":1}"#) == [order[2]])
        #expect(try await catalog.search(#"{"id":"i0","min_score":1.01}"#).isEmpty)
    }

    @Test("A search that cannot be answered says why")
    func refusedSearches() async throws {
        _ = try await catalog.call(.put, "/v1/collections/shop", "{}")
        _ = try await catalog.put("a", "rgba.png")
        for (json, wanted) in [
            ("{}", "nothing_to_search"), (#"{"id":"b"}"#, "item_not_found"), (#"{"id":"a","k":0}"#, "invalid_request"),
            (#"{"id":"a","weights":{"color":0}}"#, "invalid_weights"),
            (#"{"id":"a","filter":{"$x":1}}"#, "invalid_filter"),
            (#"{"id":"a","weights":{"hue":1}}"#, "unknown_space"), (#"{"vectors":{"color":[1]}}"#, "invalid_vector"),
            (#"{"vectors":{"color":["x"]}}"#, "invalid_vector"), (#"{"id":"a","like":["a"]}"#, "invalid_request"),
            (#"{"image":"!"}"#, "invalid_base64"), (#"{"like":[]}"#, "nothing_to_search"), ("{", "invalid_json"),
            (#"{"vectors":{"color":[]},"weights":{"rotation":1}}"#, "invalid_weights"),
        ] {
            let reply = try await catalog.call(.post, "/v1/collections/shop/search", json)
            #expect(code(reply) == wanted, "\(json): \(reply.text)")
        }
        #expect(
            code(try await catalog.call(.post, "/v1/collections/none/search", #"{"id":"a"}"#)) == "collection_not_found"
        )
    }

    @Test("Advice names the weights, the ranking and how far to trust them")
    func advises() async throws {
        _ = try await catalog.call(.put, "/v1/collections/shop", "{}")
        for (place, image) in ["rgba.png", "rgba.png", "gray.png", "gray.png"].enumerated() {
            _ = try await catalog.put("i\(place)", image, #"{"kind":"\#(place / 2)"}"#)
        }
        let reply = try await catalog.call(.post, "/v1/collections/shop/advise", #"{"label_field":"kind"}"#)
        #expect(reply.status == 200 && reply.json["trust"] as? String == "too_few_labels", "\(reply.text)")
        #expect((reply.json["ranking"] as? [Any])?.count == 3 && reply.json["examples"] as? Int == 4)
        let named = try await catalog.call(
            .post, "/v1/collections/shop/advise",
            #"{"examples":[{"id":"i0","label":1},{"id":"i1","label":1},{"id":"i2","label":2},{"id":"i3","label":2}]}"#)
        #expect(named.json["weights"] as? [String: Double] == reply.json["weights"] as? [String: Double])
        for (json, wanted) in [
            ("{}", "missing_input"), (#"{"label_field":"none"}"#, "nothing_to_compare"),
            (#"{"examples":[{"id":"i0"}]}"#, "invalid_request"), (#"{"pairs":7}"#, "invalid_request"),
            (#"{"pairs":[{"a":"i0","b":"zz","same":true}]}"#, "item_not_found"),
        ] {
            let reply = try await catalog.call(.post, "/v1/collections/shop/advise", json)
            #expect(code(reply) == wanted, "\(json): \(reply.text)")
        }
    }

    @Test("Without a catalog every path of it says how to have one")
    func withoutCatalog() async throws {
        let client = try Client(models: TestModels())
        for (method, path) in [
            (HTTPMethod.get, "/v1/collections"), (.put, "/v1/collections/a"), (.get, "/v1/collections/a/items"),
            (.post, "/v1/collections/a/search"), (.put, "/v1/collections/a/items/b"),
        ] {
            let reply = try await client.call(method, path, ["Content-Type": "application/json"], body: [])
            #expect(reply.status == 404 && code(reply) == "no_catalog", "\(path) \(reply.text)")
        }
    }

    @Test("An upload seen before is answered without decoding it, with the same bits, in other spaces too")
    func cache() async throws {
        let image = try Golden.image("rgba.png")
        let first = try await catalog.client.post(image: image, "?spaces=color,backbone")
        let second = try await catalog.client.post(image: image, "?spaces=color,backbone")
        #expect(first.data[0]["cached"] as? Bool == false && second.data[0]["cached"] as? Bool == true)
        #expect(first.vector(0, "backbone") == second.vector(0, "backbone"))
        let unit = try await catalog.client.post(image: image, "?spaces=backbone&normalize=true")
        #expect(unit.data[0]["cached"] as? Bool == true)
        #expect(abs(unit.vector(0, "backbone").reduce(0) { $0 + $1 * $1 } - 1) < 1e-4)
        #expect(try await catalog.client.post(image: image, "?spaces=rotation").data[0]["cached"] as? Bool == false)
        let counts = catalog.store.cache.counts
        #expect(counts.hits == 2 && counts.misses == 2)
    }
}
