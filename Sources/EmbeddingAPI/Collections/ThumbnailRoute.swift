// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Collections
internal import HTTPServer
internal import Vectors

extension FacetAPI {
    /// `GET .../items/{id}/thumbnail`: the small JPEG file, or 304 for a caller who has it.
    func itemThumbnail(_ name: String, _ id: String, _ head: HTTPRequestHead) throws(APIError) -> HTTPResponse {
        let store = try requireCollections().store
        let (item, bytes) = try catalog { () throws(CatalogError) in
            let (id, name) = (try ItemID(id, limits: store.limits), try CollectionName(name))
            return (try store.item(id, in: name), try store.thumbnail(of: id, in: name))
        }
        guard let bytes else {
            throw APIError(
                .thumbnailNotFound,
                "The item has no thumbnail: its collection kept none when it was written. Upload the image again.")
        }
        let tag = Self.tag(item.digest, bytes)
        var response = HTTPResponse(status: 200, contentType: "image/jpeg", body: bytes)
        if Self.knows(head.headers.all("if-none-match"), tag) { response = HTTPResponse(status: 304) }
        response.headers.set("ETag", tag)
        // Kept by the caller alone, and asked for again each time: the item may have another image by then.
        response.headers.set("Cache-Control", "private, no-cache")
        response.headers.set("Content-Security-Policy", "default-src 'none'")
        response.headers.set("X-Content-Type-Options", "nosniff")
        return response
    }

    /// The image's digest and the thumbnail's own: the same image may get thumbnails of several sizes.
    private static func tag(_ digest: ContentDigest, _ thumbnail: [UInt8]) -> String {
        "\"\(digest.hex.prefix(32))-\(ContentDigest(of: thumbnail).hex.prefix(8))\""
    }

    /// Whether one of the tags of `If-None-Match` is this one (RFC 9110, section 13.1.2; weak comparison).
    static func knows(_ fields: [String], _ tag: String) -> Bool {
        fields.joined(separator: ",").split(separator: ",").contains { entry in
            let entry = entry.trimmingSpaces()
            return entry == "*" || entry == tag || entry == "W/" + tag
        }
    }
}
