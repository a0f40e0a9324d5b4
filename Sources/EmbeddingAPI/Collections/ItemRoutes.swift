// SPDX-License-Identifier: Apache-2.0

internal import Collections
internal import Catalog
internal import EmbeddingPipeline
internal import HTTPServer
internal import Vectors

extension FacetAPI {
    /// `PUT .../items/{id}`: embeds an image and keeps its vectors; answered when they are on disk.
    func putItem(
        _ name: String, _ id: String, _ request: HTTPRequest, _ reply: @escaping @Sendable (HTTPResponse) -> Void
    ) throws(APIError) {
        let (image, metadata, keeps) = try ItemUpload(parsing: request, limits: catalogLimits()).parts
        let record = try collection(name)
        let itemID = try catalog { () throws(CatalogError) in try ItemID(id, limits: try catalogLimitsOfStore()) }
        try embedItems(
            [ItemImage(id: itemID, bytes: image)], record, thumbnailSide: thumbnailSide(of: record),
            request.cancellation
        ) { [self] outcomes in
            switch outcomes[0] {
            case .failure(let error): reply(response(error))
            case .success(let made):
                let draft = ItemDraft(
                    id: itemID, digest: made.digest, metadata: metadata, vector: made.vector,
                    thumbnail: made.thumbnail, original: keeps ? image : nil)
                store(draft, made, in: record, reply)
            }
        }
    }

    private func store(
        _ draft: ItemDraft, _ made: EmbeddedItem, in record: CollectionRecord,
        _ reply: @escaping @Sendable (HTTPResponse) -> Void
    ) {
        guard let service = configuration.collections else { return }
        service.store.submitUpsert(draft, into: record.definition.name) { [self] result in
            switch result {
            case .failure(let error): reply(response(APIError(error)))
            case .success(let receipt):
                reply(
                    json(receipt.isNew ? 201 : 200) { out in
                        out.object {
                            $0.field("id", draft.id.text)
                            $0.field("object", "item")
                            $0.field("digest", draft.digest.description)
                            $0.field("new", receipt.isNew)
                            $0.field("cached", made.isCached)
                        }
                    })
            }
        }
    }

    /// `GET .../items/{id}`.
    func describeItem(_ name: String, _ id: String) throws(APIError) -> HTTPResponse {
        let service = try requireCollections()
        let item = try catalog { () throws(CatalogError) in
            try service.store.item(ItemID(id, limits: service.store.limits), in: CollectionName(name))
        }
        return json { $0.object { Self.write(item, to: &$0) } }
    }

    /// `GET .../items/{id}/image`: the uploaded bytes, where they were kept.
    func itemImage(_ name: String, _ id: String) throws(APIError) -> HTTPResponse {
        let service = try requireCollections()
        let bytes = try catalog { () throws(CatalogError) in
            try service.store.original(of: ItemID(id, limits: service.store.limits), in: CollectionName(name))
        }
        guard let bytes else {
            throw APIError(
                .itemNotFound, "The item's image was not kept. Upload it with ?keep=true to have it kept.")
        }
        var response = HTTPResponse(status: 200, contentType: MediaType.ofImage(bytes), body: bytes)
        response.headers.set("Content-Security-Policy", "default-src 'none'")
        response.headers.set("X-Content-Type-Options", "nosniff")
        return response
    }

    /// `DELETE .../items/{id}`.
    func deleteItem(_ name: String, _ id: String) throws(APIError) -> HTTPResponse {
        let service = try requireCollections()
        try catalog { () throws(CatalogError) in
            try service.store.delete(ItemID(id, limits: service.store.limits), from: CollectionName(name))
        }
        return json { $0.object { $0.field("deleted", true) } }
    }

    /// `GET .../items?cursor=&limit=&filter=`.
    func listItems(_ name: String, _ head: HTTPRequestHead) throws(APIError) -> HTTPResponse {
        let service = try requireCollections()
        var (cursor, limit, filter): (String?, Int, Filter) = (nil, 100, .everything)
        for (parameter, value) in head.query {
            switch parameter {
            case "cursor": cursor = value
            case "limit":
                guard let number = Int(value), (1...1_000).contains(number) else {
                    throw APIError(.invalidRequest, "limit must be 1 to 1000.", param: "limit")
                }
                limit = number
            case "filter":
                filter = try catalog { () throws(CatalogError) in
                    try Filter(Array(value.utf8), limits: service.store.limits)
                }
            default:
                throw APIError(
                    .unknownParameter, "There is no query parameter of that name; known: cursor, limit, filter.",
                    param: "query")
            }
        }
        let page = try catalog { () throws(CatalogError) in
            try service.store.list(CollectionName(name), after: cursor, limit: limit, filter: filter)
        }
        return json { out in
            out.object { list in
                list.field("object", "list")
                list.key("data")
                list.array { data in for item in page.items { data.object { Self.write(item, to: &$0) } } }
                list.field("next", page.next)
            }
        }
    }

    static func write(_ item: Item, to out: inout JSONWriter) {
        out.field("id", item.id.text)
        out.field("object", "item")
        out.field("digest", item.digest.description)
        out.key("metadata")
        out.raw(item.metadata.text)
        out.field("has_image", item.originalBytes != nil)
        out.field("has_thumbnail", item.thumbnailBytes != nil)
        out.field("created", Int(item.created))
        out.field("updated", Int(item.updated))
    }

    func catalogLimits() throws(APIError) -> CatalogLimits { try requireCollections().store.limits }

    private func catalogLimitsOfStore() throws(CatalogError) -> CatalogLimits {
        configuration.collections?.store.limits ?? CatalogLimits()
    }
}
