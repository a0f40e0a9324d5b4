// SPDX-License-Identifier: Apache-2.0

import Catalog
import EmbeddingAPI
import HTTPServer
import TestSupport
import Testing
import Vectors

@Suite("Thumbnails over HTTP")
struct ThumbnailRoutesTests {
    private let thumbnail = "/v1/collections/shop/items/a/thumbnail"

    /// Width and height out of a baseline JPEG file's frame header (ITU T.81, B.2.2).
    private func size(_ reply: Reply) throws -> (Int, Int) {
        let bytes = reply.response.body
        #expect(bytes.starts(with: [0xFF, 0xD8]) && bytes.suffix(2) == [0xFF, 0xD9])
        let frame = try #require(bytes.indices.dropLast(9).first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
        let number = { (place: Int) in Int(bytes[frame + place]) << 8 | Int(bytes[frame + place + 1]) }
        return (number(7), number(5))
    }

    /// Width and height of a PNG file.
    private func size(png bytes: [UInt8]) -> (Int, Int) {
        let number = { (place: Int) in bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
        return (number(16), number(20))
    }

    @Test("An item gets a small JPEG with its proportions; whoever has it is told so")
    func made() async throws {
        let catalog = try CatalogClient(thumbnails: .side(24))
        let made = try await catalog.call(.put, "/v1/collections/shop", "{}")
        #expect(made.json["thumbnails"] as? Int == 24)
        try await catalog.put("a", "rgba.png")
        let item = try await catalog.call(.get, "/v1/collections/shop/items/a")
        #expect(item.json["has_thumbnail"] as? Bool == true)
        let reply = try await catalog.call(.get, thumbnail)
        let original = size(png: try Golden.image("rgba.png"))
        let (width, height) = try size(reply)
        #expect(reply.status == 200 && max(width, height) == 24, "\(width) x \(height)")
        #expect(
            abs(Double(width) / Double(height) - Double(original.0) / Double(original.1)) < 0.1,
            "\(width) x \(height)")
        #expect(reply.response.headers.first("Content-Type") == "image/jpeg")
        #expect(reply.response.headers.first("Cache-Control") == "private, no-cache")
        let tag = try #require(reply.response.headers.first("ETag"))
        #expect(tag.contains(ContentDigest(of: try Golden.image("rgba.png")).hex.prefix(32)))
        for known in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
            let again = try await catalog.client.call(.get, thumbnail, ["If-None-Match": known])
            #expect(again.status == 304 && again.response.body.isEmpty && again.response.headers.first("ETag") == tag)
        }
        #expect(try await catalog.client.call(.get, thumbnail, ["If-None-Match": "\"x\""]).status == 200)
    }

    @Test("An upload from the cache gets the thumbnail of its item, or is decoded for one, and it is the same")
    func cached() async throws {
        let catalog = try CatalogClient(thumbnails: .side(32))
        _ = try await catalog.call(.put, "/v1/collections/shop", #"{"thumbnails":"none"}"#)
        try await catalog.put("a", "rgba.png")
        #expect(try await catalog.call(.get, thumbnail).code == "thumbnail_not_found")
        _ = try await catalog.call(.put, "/v1/collections/shop", #"{"thumbnails":32}"#)
        let again = try await catalog.put("a", "rgba.png")
        #expect(again.json["cached"] as? Bool == true)
        let first = try await catalog.call(.get, thumbnail)
        #expect(first.status == 200)
        #expect(try await catalog.put("b", "rgba.png").json["cached"] as? Bool == true)
        #expect(
            try await catalog.call(.get, "/v1/collections/shop/items/b/thumbnail").response.body == first.response.body)
        // The rule for what is written from now on; the item keeps its own picture while its image is the same.
        _ = try await catalog.call(.put, "/v1/collections/shop", #"{"thumbnails":16}"#)
        try await catalog.put("a", "rgba.png")
        #expect(try await catalog.call(.get, thumbnail).response.body == first.response.body)
        try await catalog.put("a", "rgb.png")
        let (width, height) = try size(try await catalog.call(.get, thumbnail))
        #expect(max(width, height) <= 16)
    }

    @Test("Replacing or deleting an item takes its thumbnail along")
    func gone() async throws {
        let catalog = try CatalogClient()
        _ = try await catalog.call(.put, "/v1/collections/shop", "{}")
        try await catalog.put("a", "rgba.png")
        let full = try await catalog.call(.get, "/v1/collections/shop").json["bytes"] as? Int ?? 0
        _ = try await catalog.call(.put, "/v1/collections/shop", #"{"thumbnails":"none"}"#)
        try await catalog.put("a", "rgba.png")
        let bare = try await catalog.call(.get, "/v1/collections/shop").json["bytes"] as? Int ?? 0
        #expect(try await catalog.call(.get, thumbnail).code == "thumbnail_not_found" && bare < full - 200)
        _ = try await catalog.call(.delete, "/v1/collections/shop/items/a")
        #expect(try await catalog.call(.get, thumbnail).code == "item_not_found")
        #expect(try await catalog.call(.get, "/v1/collections/shop").json["bytes"] as? Int == 0)
    }

    @Test("A rule that is none is refused", arguments: ["15", "1025", "\"160\"", "true", "1.5", "\"None\""])
    func badRules(_ rule: String) async throws {
        let catalog = try CatalogClient()
        let reply = try await catalog.call(.put, "/v1/collections/shop", "{\"thumbnails\":\(rule)}")
        #expect(
            reply.status == 400 && reply.code == "invalid_request" && reply.error["param"] as? String == "thumbnails")
    }
}
