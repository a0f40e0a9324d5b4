// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import HTTPServer

/// One image with its metadata, as a raw body or as a form.
struct ItemUpload {
    /// The image's bytes, its metadata and whether the bytes are to be kept.
    let parts: (image: [UInt8], metadata: Metadata, keeps: Bool)

    /// Reads a raw `image/*` body with the header `X-Facet-Metadata`, or a form with the parts `image` and `metadata`;
    /// `?keep=true` asks for the bytes to be kept.
    init(parsing request: HTTPRequest, limits: CatalogLimits) throws(APIError) {
        let keeps = try Self.keeps(request.head)
        switch FacetAPI.BodyForm(request.head.headers.first("content-type")) {
        case .image:
            let text = request.head.headers.first("x-facet-metadata")
            parts = (request.body, try Self.metadata(text.map { Array($0.utf8) }, limits), keeps)
        case .multipart:
            let (image, metadata) = try Self.form(request)
            parts = (image, try Self.metadata(metadata, limits), keeps)
        case .json, nil:
            throw APIError(
                .unsupportedMediaType, "Send the image itself (image/*), or multipart/form-data with a part 'image'.")
        }
        guard !parts.image.isEmpty else {
            throw APIError(.missingInput, "There is no image in the request.", param: "image")
        }
    }

    /// `?keep=true`; anything else in the query is refused.
    static func keeps(_ head: HTTPRequestHead) throws(APIError) -> Bool {
        var keeps = false
        for (name, value) in head.query {
            guard name == "keep" else {
                throw APIError(
                    .unknownParameter, "There is no query parameter of that name; known: keep.", param: "query")
            }
            guard value == "true" || value == "false" else {
                throw APIError(.invalidRequest, "keep is 'true' or 'false'.", param: "keep")
            }
            keeps = value == "true"
        }
        return keeps
    }

    /// A form's parts, in order.
    static func parts(of request: HTTPRequest) throws(APIError) -> [MultipartPart] {
        do {
            return try MultipartParser(contentType: request.head.headers.first("content-type") ?? "")
                .parse(request.body)
        } catch {
            throw APIError(.invalidMultipart, error.description)
        }
    }

    private static func form(_ request: HTTPRequest) throws(APIError) -> (image: [UInt8], metadata: [UInt8]?) {
        let parts = try parts(of: request)
        var (image, metadata): ([UInt8]?, [UInt8]?) = (nil, nil)
        for part in parts {
            let bytes = Array(request.body[part.body])
            switch part.name {
            case "image" where image == nil: image = bytes
            case "metadata" where metadata == nil: metadata = bytes
            default:
                throw APIError(.unknownField, "A form has one part 'image' and at most one part 'metadata'.")
            }
        }
        guard let image else { throw APIError(.missingInput, "The form has no part 'image'.", param: "image") }
        return (image, metadata)
    }

    private static func metadata(_ bytes: [UInt8]?, _ limits: CatalogLimits) throws(APIError) -> Metadata {
        guard let bytes, !bytes.isEmpty else { return .empty }
        do throws(CatalogError) { return try Metadata(bytes, limits: limits) } catch { throw APIError(error) }
    }
}
