// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import HTTPServer

/// One item of a batch: a line of JSON, or a part of a form.
struct BatchItem: Sendable {
    let id: ItemID
    let image: [UInt8]
    let metadata: Metadata

    typealias List = [Result<BatchItem, APIError>]

    /// The items in order; a bad one is told apart, what makes the whole body unreadable is thrown.
    static func read(_ request: HTTPRequest, most: Int, limits: CatalogLimits) throws(APIError) -> List {
        let form = FacetAPI.BodyForm(request.head.headers.first("content-type"))
        return form == .multipart
            ? try parts(request, most: most, limits) : try lines(request.body, most: most, limits)
    }

    private static func require(_ count: Int, within most: Int, _ noun: String) throws(APIError) {
        guard count > 0 else { throw APIError(.missingInput, "There is no \(noun) in the body.") }
        guard count <= most else {
            throw APIError(.tooManyImages, "The batch has \(count) \(noun)s; the limit is \(most). Split it.")
        }
    }

    private static func attempt(_ make: () throws(APIError) -> BatchItem) -> Result<BatchItem, APIError> {
        do throws(APIError) { return .success(try make()) } catch { return .failure(error) }
    }

    private static func id(_ text: String, _ limits: CatalogLimits) throws(APIError) -> ItemID {
        do throws(CatalogError) { return try ItemID(text, limits: limits) } catch { throw APIError(error) }
    }

    private static func metadata(_ value: JSONValue?, _ limits: CatalogLimits) throws(APIError) -> Metadata {
        guard let value else { return .empty }
        do throws(CatalogError) { return try Metadata(value, limits: limits) } catch { throw APIError(error) }
    }

    // MARK: Lines

    /// Every line that is not empty: `{"id", "image": base64, "metadata"}`.
    private static func lines(_ body: [UInt8], most: Int, _ limits: CatalogLimits) throws(APIError) -> List {
        let lines = body.split(separator: 0x0A, omittingEmptySubsequences: true).filter { line in
            line.contains { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }
        }
        try require(lines.count, within: most, "line")
        return lines.map { line in attempt { () throws(APIError) in try BatchItem(line: Array(line), limits) } }
    }

    private init(line: [UInt8], _ limits: CatalogLimits) throws(APIError) {
        let fields = try JSONFields(line, known: ["id", "image", "metadata"])
        guard let id = try fields.string("id"), let text = try fields.string("image") else {
            throw APIError(.missingInput, "A line needs 'id' and 'image'.")
        }
        self.id = try Self.id(id, limits)
        metadata = try Self.metadata(fields["metadata"], limits)
        do throws(DataURIError) {
            image = try Array(text.utf8).withUnsafeBufferPointer { (bytes) throws(DataURIError) in
                try DataURI.imageBytes(bytes)
            }
        } catch {
            throw APIError(.invalidBase64, error.description, param: "image")
        }
    }

    // MARK: Parts

    /// Every part `image`; a part `metadata` is an array with an entry for each: null, or `{"id", "metadata"}`.
    private static func parts(_ request: HTTPRequest, most: Int, _ limits: CatalogLimits) throws(APIError) -> List {
        var (images, list): ([MultipartPart], [UInt8]?) = ([], nil)
        for part in try ItemUpload.parts(of: request) {
            switch part.name {
            case "image": images.append(part)
            case "metadata" where list == nil: list = Array(request.body[part.body])
            default:
                throw APIError(.unknownField, "A batch has parts 'image' and at most one part 'metadata'.")
            }
        }
        try require(images.count, within: most, "image")
        let entries = try entries(list, count: images.count, limits)
        return images.enumerated().map { place, part in
            attempt { () throws(APIError) in try BatchItem(part: part, request.body, entries?[place], limits) }
        }
    }

    private init(
        part: MultipartPart, _ body: [UInt8], _ entry: JSONValue?, _ limits: CatalogLimits
    ) throws(APIError) {
        let fields = try entry.flatMap { $0 == .null ? nil : $0 }.map { (value) throws(APIError) in
            try JSONFields(value, known: ["id", "metadata"], path: "metadata")
        }
        guard let id = try fields?.string("id") ?? part.filename, !id.isEmpty else {
            throw APIError(
                .missingInput, "An image needs an id: a file name, or an 'id' in its entry of 'metadata'.", param: "id")
        }
        self.id = try Self.id(id, limits)
        metadata = try Self.metadata(fields?["metadata"], limits)
        image = Array(body[part.body])
    }

    private static func entries(
        _ list: [UInt8]?, count: Int, _ limits: CatalogLimits
    ) throws(APIError) -> [JSONValue]? {
        guard let list else { return nil }
        let value: JSONValue
        do throws(CatalogError) {
            value = try JSONValue(list, depth: limits.jsonDepth + 2, size: max(1, list.count))
        } catch {
            throw APIError(error)
        }
        guard case .array(let entries) = value, entries.count == count else {
            throw APIError(
                .invalidMetadata, "The part 'metadata' is an array with an entry for each image (\(count)).",
                param: "metadata")
        }
        return entries
    }
}
