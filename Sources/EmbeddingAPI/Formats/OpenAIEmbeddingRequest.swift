// SPDX-License-Identifier: Apache-2.0

/// The JSON body of `POST /v1/embeddings`: OpenAI's fields, with images for `input`, and ours.
///
/// Fields that are not known are refused, so that a misspelt one is not silently without effect; so are names that come
/// twice. Errors say in `param` where in the body they are and quote nothing of it.
package struct OpenAIEmbeddingRequest: Sendable {
    package private(set) var model: String?
    /// Base64 or data URIs, in order, at least one; not looked at yet.
    package private(set) var inputs: [JSONText] = []
    /// At least one where the field is there.
    package private(set) var spaces: [String]?
    package private(set) var normalise: Bool?
    package private(set) var isBase64: Bool?
    package private(set) var dimensions: Int?

    /// Reads the body, in time linear in its length and without copying the inputs.
    ///
    /// - Parameter mostInputs: more are refused as soon as they are counted.
    package init(parsing body: [UInt8], mostInputs: Int = 2048) throws(APIError) {
        var json = JSONReader(body)
        try Self.at(nil) { () throws(JSONError) in try json.beginObject() }
        while let name = try Self.at(nil, { () throws(JSONError) in try json.nextName() }) {
            try read(name, &json, mostInputs)
        }
        try Self.at(nil) { () throws(JSONError) in try json.end() }
        guard !inputs.isEmpty else {
            throw APIError(.missingInput, "Give images as base64 or data URIs.", param: "input")
        }
    }

    private static let optional: Set = ["model", "spaces", "encoding_format", "normalize", "dimensions", "user"]

    private mutating func read(_ name: String, _ json: inout JSONReader, _ mostInputs: Int) throws(APIError) {
        if Self.optional.contains(name), try Self.at(name, { () throws(JSONError) in try json.skipNull() }) { return }
        switch name {
        case "model": model = try Self.string(&json, name)
        case "input": try readInputs(&json, mostInputs)
        case "spaces": spaces = try Self.strings(&json, name)
        case "encoding_format": isBase64 = try EmbeddingsOptions.isBase64(try Self.string(&json, name))
        case "normalize": normalise = try Self.at(name) { () throws(JSONError) in try json.truth() }
        case "dimensions": dimensions = try Self.at(name) { () throws(JSONError) in try json.integer() }
        case "user": _ = try Self.string(&json, name)
        default:
            throw APIError(
                .unknownField,
                "A field is not known; known: model, input, spaces, normalize, encoding_format, dimensions, user.")
        }
    }

    // MARK: Inputs

    private mutating func readInputs(_ json: inout JSONReader, _ most: Int) throws(APIError) {
        guard try Self.at("input", { () throws(JSONError) in try json.kind() }) == .array else {
            inputs = [try Self.image(&json, "input")]
            return
        }
        try Self.at("input") { () throws(JSONError) in try json.beginArray() }
        while try Self.at("input", { () throws(JSONError) in try json.nextElement() }) {
            guard inputs.count < most else {
                throw APIError(.tooManyImages, "The request has more than \(most) images. Split it.", param: "input")
            }
            inputs.append(try Self.image(&json, "input[\(inputs.count)]"))
        }
    }

    /// A text, or an object with a text for its only field, `image`.
    private static func image(_ json: inout JSONReader, _ path: String) throws(APIError) -> JSONText {
        guard try at(path, { () throws(JSONError) in try json.kind() }) == .object else {
            return try at(path) { () throws(JSONError) in try json.text() }
        }
        var image: JSONText?
        try at(path) { () throws(JSONError) in try json.beginObject() }
        while let name = try at(path, { () throws(JSONError) in try json.nextName() }) {
            guard name == "image" else {
                throw APIError(.unknownField, "An input has a field that is not known; known: image.", param: path)
            }
            image = try at(path + ".image") { () throws(JSONError) in try json.text() }
        }
        guard let image else { throw APIError(.missingInput, "An input has no field 'image'.", param: path) }
        return image
    }

    // MARK: Fields

    private static func string(_ json: inout JSONReader, _ path: String) throws(APIError) -> String {
        try at(path) { () throws(JSONError) in try json.string() }
    }

    private static func strings(_ json: inout JSONReader, _ path: String) throws(APIError) -> [String] {
        var list: [String] = []
        try at(path) { () throws(JSONError) in try json.beginArray() }
        while try at(path, { () throws(JSONError) in try json.nextElement() }) {
            list.append(try string(&json, "\(path)[\(list.count)]"))
        }
        guard !list.isEmpty else {
            throw APIError(.invalidRequest, "\(path) is empty; leave it out instead.", param: path)
        }
        return list
    }

    /// Runs one step of reading; its error becomes that of the place `path`, nil for the whole body.
    private static func at<Value>(
        _ path: String?, _ read: () throws(JSONError) -> Value
    ) throws(APIError) -> Value {
        do throws(JSONError) {
            return try read()
        } catch {
            throw APIError(error, path)
        }
    }
}

extension APIError {
    /// A body that is not JSON, or not of the right shape at `path`.
    init(_ error: JSONError, _ path: String?) {
        switch error {
        case .malformed(let position):
            self.init(.invalidJSON, "The body is not JSON: see byte \(position), counted from 0.")
        case .tooDeep:
            self.init(
                .invalidJSON, "The body has more than \(JSONReader.deepest) arrays and objects within each other.")
        case .duplicateName(let position):
            self.init(.invalidJSON, "An object of the body has a field twice: see byte \(position), counted from 0.")
        case .unexpected(.number, _) where path == "dimensions":
            self.init(.invalidRequest, "dimensions is not a whole number.", param: path)
        case .unexpected(let kind, _):
            let found =
                "\(kind == .array || kind == .object ? "an" : "a") \(kind == .truth ? "boolean" : kind.rawValue)"
            self.init(
                .invalidRequest,
                path.map { "\($0) has another type than it should: it is \(found)." }
                    ?? "The body must be a JSON object, not \(found).", param: path)
        }
    }
}
