// SPDX-License-Identifier: Apache-2.0

import EmbeddingAPI
import Foundation
import HTTPServer
import ServingTestSupport
import TestSupport
import Testing

@Suite("Maps and the sample catalog over HTTP")
struct MapRouteTests {
    let catalog: CatalogClient
    static let images = ["rgba.png", "rgb.png", "gray.png", "palette.png", "wide.png"]

    init() throws { catalog = try CatalogClient() }

    /// A dozen items, some with pictures.
    private func fill() async throws -> Int {
        _ = try await catalog.call(.put, "/v1/collections/shop", "{}")
        let known = Self.images.filter { (try? Golden.image($0)) != nil }
        for place in 0..<12 {
            let reply = try await catalog.put(
                "i\(place)", known[place % known.count],
                #"{"kind":"\#(place % 3)","price":\#(place),"path":"p\#(place)","nested":{"a":1}}"#,
                query: place % 2 == 0 ? "?keep=true" : "")
            #expect(reply.status == 201)
        }
        return 12
    }

    /// Asks until the map is made: on a busy machine the server answers 202 first.
    private func map(_ query: String = "", _ headers: HTTPHeaders = [:]) async throws -> Reply {
        while true {
            let reply = try await catalog.client.call(.get, "/v1/collections/shop/map\(query)", headers)
            if reply.status != 202 { return reply }
        }
    }

    private func numbers(_ reply: Reply, _ name: String) -> [Double] {
        (reply.json[name] as? [NSNumber] ?? []).map(\.doubleValue)
    }

    @Test(
        "A map has a place for every item, what to colour it by, and is the same when asked for again")
    func places() async throws {
        let count = try await fill()
        let first = try await map("?space=color")
        #expect(first.status == 200 && first.json["state"] as? String == "ready", "\(first.text)")
        #expect(
            (first.json["ids"] as? [String])?.count == count && first.json["current"] as? Bool == true)
        for axis in ["x", "y"] {
            #expect(
                numbers(first, axis).count == count
                    && numbers(first, axis).allSatisfy { (-1...1).contains($0) })
        }
        #expect(numbers(first, "has_image").reduce(0, +) >= 6)
        let fields = try #require(first.json["fields"] as? [[String: Any]])
        #expect(fields.map { $0["name"] as? String } == ["kind", "path", "price"])
        #expect(
            fields[0]["labels"] as? [String] == ["0", "1", "2"]
                && fields[2]["kind"] as? String == "number")
        let again = try await map("?space=color")
        #expect(
            numbers(again, "x") == numbers(first, "x") && numbers(again, "y") == numbers(first, "y"))
        let other = try await MapRouteTests().freshMap()
        #expect(other == numbers(first, "x"), "another process would draw another map")
    }

    @Test("The plane of most variance is that of the vectors themselves")
    func principal() async throws {
        _ = try await fill()
        let reply = try await map("?space=color&method=principal")
        let known = Self.images.filter { (try? Golden.image($0)) != nil }
        var values: [Float] = []
        for place in 0..<12 {
            let image = try Golden.image(known[place % known.count])
            values += try await catalog.client.post(image: image, "?spaces=color").vector(0, "color")
        }
        let naive = NaivePrincipalPlane(values, dimensions: values.count / 12)
        let (x, y) = (numbers(reply, "x"), numbers(reply, "y"))
        let ends = naive.x.indices.map { (naive.x[$0], naive.y[$0]) }
        let width = (naive.x.max() ?? 0) - (naive.x.min() ?? 0)
        let height = (naive.y.max() ?? 0) - (naive.y.min() ?? 0)
        let extent = max(width, height)
        let middle = ((naive.x.max() ?? 0) + (naive.x.min() ?? 0)) / 2
        let level = ((naive.y.max() ?? 0) + (naive.y.min() ?? 0)) / 2
        for (place, end) in ends.enumerated() {
            #expect(abs(x[place] - (end.0 - middle) * 2 / extent) < 2e-3)
            #expect(abs(y[place] - (end.1 - level) * 2 / extent) < 2e-3)
        }
    }

    @Test("A map is made anew when the collection changes, and the browser is told when it has it")
    func versions() async throws {
        _ = try await fill()
        let first = try await map()
        let tag = try #require(first.response.headers.first("ETag"))
        #expect(try await map("", ["If-None-Match": tag]).status == 304)
        #expect(try await map("?space=color", ["If-None-Match": tag]).status == 200)
        _ = try await catalog.call(.delete, "/v1/collections/shop/items/i3")
        let second = try await map("", ["If-None-Match": tag])
        #expect(second.status == 200 && second.json["items"] as? Int == 11)
        #expect((second.json["ids"] as? [String])?.contains("i3") == false)
        #expect(second.response.headers.first("ETag") != tag)
    }

    @Test("Of more items than the limit a fixed sample is shown")
    func sample() async throws {
        _ = try await fill()
        let few = try await map("?limit=5")
        let fewer = try await map("?limit=4")
        let ids = Set(few.json["ids"] as? [String] ?? [])
        #expect(ids.count == 5 && few.json["items"] as? Int == 12 && few.json["shown"] as? Int == 5)
        #expect(ids.isSuperset(of: fewer.json["ids"] as? [String] ?? ["?"]))
    }

    @Test("An empty collection has an empty map; what cannot be mapped says why")
    func refusals() async throws {
        _ = try await catalog.call(.put, "/v1/collections/shop", "{}")
        let empty = try await map()
        #expect(empty.status == 200 && empty.json["shown"] as? Int == 0, "\(empty.text)")
        for (query, code) in [
            ("?space=hue", "unknown_space"), ("?space=a%20b", "unknown_space"),
            ("?limit=0", "invalid_request"),
            ("?limit=10001", "invalid_request"), ("?limit=x", "invalid_request"),
            ("?method=tsne", "invalid_request"),
            ("?colour=x", "unknown_parameter"),
        ] {
            #expect(try await map(query).code == code, "\(query)")
        }
        #expect(try await catalog.call(.get, "/v1/collections/none/map").code == "collection_not_found")
        #expect(
            try await catalog.call(.get, "/v1/collections/a%20b/map").code == "invalid_collection_name")
    }

    @Test(
        "A sample catalog on offer is loaded once asked for, with its pictures; broken files are counted"
    )
    func loadsSample() async throws {
        let image = try Golden.image("rgba.png")
        catalog.client.api.offer(
            SampleCatalog(
                collection: "sample", title: "three shapes",
                entries: [("a/b.png", image), ("c.png", image), ("broken.png", [1, 2, 3])].map {
                    id, bytes in
                    SampleCatalog.Entry(id: id, metadata: #"{"category":"x"}"#) { bytes }
                }))
        let offered = try await catalog.call(.get, "/v1/sample")
        #expect(offered.json["state"] as? String == "offered" && offered.json["items"] as? Int == 3)
        #expect(try await catalog.call(.post, "/v1/sample").status == 202)
        var state = ""
        for _ in 0..<400 where state != "loaded" && state != "failed" {
            try await Task.sleep(for: .milliseconds(10))
            state = try await catalog.call(.get, "/v1/sample").json["state"] as? String ?? ""
        }
        let status = try await catalog.call(.get, "/v1/sample")
        #expect(
            state == "loaded" && status.json["done"] as? Int == 2 && status.json["failed"] as? Int == 1)
        let item = try await catalog.call(.get, "/v1/collections/sample/items/a%2Fb.png")
        #expect((item.json["metadata"] as? [String: Any])?["category"] as? String == "x")
        #expect(item.json["has_image"] as? Bool == true)
    }
}

extension MapRouteTests {
    /// The same map of the same items in another service.
    func freshMap() async throws -> [Double] {
        _ = try await fill()
        return numbers(try await map("?space=color"), "x")
    }
}
