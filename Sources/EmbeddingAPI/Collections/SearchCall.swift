// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Collections
internal import HTTPServer
internal import Vectors

/// A request to `POST .../search`, before an image in it has been embedded.
struct SearchCall: Sendable {
    /// What is looked for.
    enum Target: Sendable {
        case image([UInt8])
        case source(SearchRequest.Source)
    }

    private(set) var target: Target?
    private(set) var weights: [SpaceName: Double] = [:]
    private(set) var k = 10
    private(set) var offset = 0
    private(set) var filter = Filter.everything
    private(set) var minScore: Double?
    private(set) var exact = false

    static let fields = [
        "id", "image", "vectors", "like", "unlike", "weights", "k", "offset", "filter", "min_score",
        "exact",
    ]

    /// A raw `image/*` body with the rest in the query, or JSON.
    init(parsing request: HTTPRequest, limits: CatalogLimits) throws(APIError) {
        switch FacetAPI.BodyForm(request.head.headers.first("content-type")) {
        case .image:
            guard !request.body.isEmpty else {
                throw APIError(.missingInput, "There is no image in the request.", param: "image")
            }
            target = .image(request.body)
            for (name, value) in request.head.query { try read(parameter: name, value, limits) }
        case .json:
            guard request.head.query.isEmpty else {
                throw APIError(.unknownParameter, "With JSON, everything stands in the body.", param: "query")
            }
            try read(JSONFields(request.body, known: Self.fields), limits)
        case .multipart, nil:
            throw APIError(.unsupportedMediaType, "Send application/json, or the image itself (image/*).")
        }
    }

    /// The request, once the image's vectors are known.
    func request(_ source: SearchRequest.Source) -> SearchRequest {
        SearchRequest(source, weights: weights, k: k, offset: offset, filter: filter, minScore: minScore, exact: exact)
    }

    // MARK: Query

    private mutating func read(parameter name: String, _ value: String, _ limits: CatalogLimits) throws(APIError) {
        switch name {
        case "weights": weights = try Self.weights(value)
        case "k": k = try Self.integer(value, name)
        case "offset": offset = try Self.integer(value, name)
        case "filter":
            filter = try Self.filter { () throws(CatalogError) in try Filter(Array(value.utf8), limits: limits) }
        case "min_score":
            guard let number = Double(value) else { throw JSONFields.wrongType(name, "a number") }
            minScore = number
        case "exact":
            guard ["true", "false"].contains(value) else { throw JSONFields.wrongType(name, "true or false") }
            exact = value == "true"
        default:
            throw APIError(
                .unknownParameter,
                "There is no query parameter of that name; known: weights, k, offset, filter, min_score, exact.",
                param: "query")
        }
    }

    /// `color:1,invariant:0.5`.
    private static func weights(_ text: String) throws(APIError) -> [SpaceName: Double] {
        var weights: [SpaceName: Double] = [:]
        for part in text.split(separator: ",") {
            let halves = part.split(separator: ":", omittingEmptySubsequences: false)
            guard halves.count == 2, let name = SpaceName(String(halves[0])), let weight = Double(halves[1]),
                weights.updateValue(weight, forKey: name) == nil
            else {
                throw APIError(.invalidWeights, "weights are written as color:1,invariant:0.5.", param: "weights")
            }
        }
        return weights
    }

    private static func integer(_ text: String, _ name: String) throws(APIError) -> Int {
        guard let number = Int(text) else { throw JSONFields.wrongType(name, "a whole number") }
        return number
    }

    private static func filter(_ read: () throws(CatalogError) -> Filter) throws(APIError) -> Filter {
        do throws(CatalogError) { return try read() } catch { throw APIError(error) }
    }

    // MARK: JSON

    private mutating func read(_ fields: JSONFields, _ limits: CatalogLimits) throws(APIError) {
        for (name, value) in try fields.members("weights") ?? [] {
            guard let space = SpaceName(name), let weight = value.double else {
                throw APIError(.invalidWeights, "weights is an object of spaces and numbers.", param: "weights")
            }
            weights[space] = weight
        }
        k = try fields.integer("k") ?? k
        offset = try fields.integer("offset") ?? offset
        minScore = try fields.number("min_score")
        exact = try fields.truth("exact") ?? exact
        if let value = fields["filter"] {
            filter = try Self.filter { () throws(CatalogError) in try Filter(value, limits: limits) }
        }
        target = try Self.target(fields, limits)
    }

    private static func target(_ fields: JSONFields, _ limits: CatalogLimits) throws(APIError) -> Target {
        var targets: [Target] = []
        if let id = try fields.string("id") {
            targets.append(.source(.examples(like: [try item(id, limits)], unlike: [])))
        }
        if let text = try fields.string("image") {
            do throws(DataURIError) {
                targets.append(
                    .image(
                        try Array(text.utf8).withUnsafeBufferPointer { (bytes) throws(DataURIError) in
                            try DataURI.imageBytes(bytes)
                        }))
            } catch {
                throw APIError(.invalidBase64, error.description, param: "image")
            }
        }
        if let vectors = try fields.members("vectors") { targets.append(.source(.vectors(try Self.vectors(vectors)))) }
        if fields["like"] != nil || fields["unlike"] != nil {
            var lists: [[ItemID]] = []
            for name in ["like", "unlike"] {
                var list: [ItemID] = []
                for text in try fields.strings(name) ?? [] { list.append(try item(text, limits)) }
                lists.append(list)
            }
            targets.append(.source(.examples(like: lists[0], unlike: lists[1])))
        }
        guard let target = targets.first else { throw APIError(CollectionsError.nothingToSearch) }
        guard targets.count == 1 else {
            throw APIError(.invalidRequest, "Give one of id, image, vectors, or like and unlike; not several.")
        }
        return target
    }

    private static func item(_ text: String, _ limits: CatalogLimits) throws(APIError) -> ItemID {
        do throws(CatalogError) { return try ItemID(text, limits: limits) } catch { throw APIError(error) }
    }

    private static func vectors(
        _ members: [(name: String, value: JSONValue)]
    ) throws(APIError) -> [SpaceName: [Float]] {
        var vectors: [SpaceName: [Float]] = [:]
        for (name, value) in members {
            guard let space = SpaceName(name), case .array(let values) = value else {
                throw APIError(
                    .invalidVector, "vectors is an object of spaces and arrays of numbers.", param: "vectors")
            }
            let numbers = values.compactMap(\.double).map { Float($0) }
            guard numbers.count == values.count else {
                throw APIError(.invalidVector, "A vector holds something that is no number.", param: "vectors")
            }
            vectors[space] = numbers
        }
        return vectors
    }
}
