// SPDX-License-Identifier: Apache-2.0

import Catalog
import EmbeddingAPI
import HTTPServer
import TestSupport
import Testing
import Vectors

@Suite("Batches as forms")
struct FormBatchTests {
    private struct Part {
        var name = "image"
        var file: String?
        var body: [UInt8]
    }

    private func post(_ catalog: CatalogClient, _ parts: [Part], query: String = "") async throws -> Reply {
        var body: [UInt8] = []
        for part in parts {
            let file = part.file.map { "; filename=\"\($0)\"" } ?? ""
            let head = "--XX\r\nContent-Disposition: form-data; name=\"\(part.name)\"\(file)\r\n\r\n"
            body += Array(head.utf8) + part.body + Array("\r\n".utf8)
        }
        return try await catalog.client.call(
            .post, "/v1/collections/shop/items\(query)", ["Content-Type": "multipart/form-data; boundary=XX"],
            body: body + Array("--XX--\r\n".utf8))
    }

    private func metadata(_ json: String) -> Part { Part(name: "metadata", body: Array(json.utf8)) }

    private func codes(_ reply: Reply) -> [String] {
        reply.data.map { ($0["error"] as? [String: Any])?["code"] as? String ?? "" }
    }

    @Test("File names are ids unless metadata names others; good images are kept, bad ones named")
    func items() async throws {
        let catalog = try CatalogClient()
        _ = try await catalog.call(.put, "/v1/collections/shop", "{}")
        let image = try Golden.image("rgba.png")
        let reply = try await post(
            catalog,
            [
                Part(file: "one.png", body: image), Part(file: "two.png", body: image),
                metadata(
                    #"[null, {"id":"zwei","metadata":{"n":2}}, {"metadata":{"n":3}}, {"id":"bad"}, {"id":"","n":1}, {}]"#
                ),
                Part(file: "three.png", body: image), Part(file: "four.png", body: [1, 2, 3]),
                Part(file: "five.png", body: image), Part(body: image),
            ], query: "?keep=true")
        #expect(
            codes(reply) == ["", "", "", "image_format_unsupported", "unknown_field", "missing_input"], "\(reply.text)")
        #expect(reply.data.compactMap { $0["id"] as? String } == ["one.png", "zwei", "three.png"])
        #expect(reply.data.compactMap { $0["index"] as? Int } == [0, 1, 2, 3, 4, 5])
        let item = try await catalog.call(.get, "/v1/collections/shop/items/zwei")
        #expect((item.json["metadata"] as? [String: Any])?["n"] as? Int == 2)
        #expect(item.json["has_thumbnail"] as? Bool == true && item.json["has_image"] as? Bool == true)
        #expect(try await catalog.call(.get, "/v1/collections/shop").json["items"] as? Int == 3)
    }

    @Test("A form and the same lines of JSON leave the same items")
    func sameAsLines() async throws {
        let image = try Golden.image("rgba.png")
        let (form, lines) = (try CatalogClient(), try CatalogClient())
        for catalog in [form, lines] { _ = try await catalog.call(.put, "/v1/collections/shop", "{}") }
        _ = try await post(form, [Part(file: "a", body: image), metadata(#"[{"metadata":{"n":1}}]"#)])
        _ = try await lines.client.call(
            .post, "/v1/collections/shop/items", ["Content-Type": "application/x-ndjson"],
            body: Array(#"{"id":"a","image":"\#(image.base64)","metadata":{"n":1}}"#.utf8))
        let name = try CollectionName("shop")
        let (left, right) = (try form.store.item(ItemID("a"), in: name), try lines.store.item(ItemID("a"), in: name))
        #expect(left.digest == right.digest && left.metadata == right.metadata)
        #expect(left.thumbnailBytes == right.thumbnailBytes && left.thumbnailBytes != nil)
        #expect(try form.store.vector(of: left.id, in: name) == lines.store.vector(of: right.id, in: name))
    }

    @Test("What makes the whole form unreadable is refused as such")
    func refused() async throws {
        let catalog = try CatalogClient()
        _ = try await catalog.call(.put, "/v1/collections/shop", "{}")
        let image = Part(file: "a", body: try Golden.image("rgba.png"))
        let many = [Part](repeating: image, count: APILimits().images + 1)
        for (parts, wanted) in [
            ([], "missing_input"), ([metadata("[]")], "missing_input"), (many, "too_many_images"),
            ([image, metadata("[]")], "invalid_metadata"), ([image, metadata("{}")], "invalid_metadata"),
            ([image, metadata("[")], "invalid_metadata"), ([image, Part(name: "x", body: [])], "unknown_field"),
            ([image, metadata("[null]"), metadata("[null]")], "unknown_field"),
        ] {
            let reply = try await post(catalog, parts)
            #expect(reply.code == wanted, "\(reply.text)")
        }
        #expect(try await post(catalog, [image], query: "?keep=1").code == "invalid_request")
        #expect(try await post(catalog, [image], query: "?other=1").code == "unknown_parameter")
        #expect(try await catalog.call(.get, "/v1/collections/shop").json["items"] as? Int == 0)
    }
}
