// SPDX-License-Identifier: Apache-2.0

internal import EmbeddingPipeline
internal import HTTPServer
internal import ModelFolders
internal import Vectors

/// A request to `/v1/embeddings`, whatever its body form, checked and ready to run.
struct EmbeddingsCall: Sendable {
    /// How the answer is written.
    enum Format: Sendable, Equatable {
        /// OpenAI's list; vectors as numbers, or as base64 of little-endian float32.
        case json(base64: Bool)
        /// Little-endian float32, image after image.
        case bytes
        /// One NumPy array [images, dimensions].
        case npy
    }

    /// An image's bytes, or why there are none.
    typealias Input = Result<[UInt8], APIError>

    let model: EmbeddingModel
    let spaces: [ModelManifest.Space]
    let inputs: [Input]
    let normalise: Bool
    let format: Format
    let form: FacetAPI.BodyForm

    /// Where in the request an image stood, as `param` of its error says it.
    func place(of index: Int) -> String {
        switch form {
        case .image: "image"
        case .multipart: "image[\(index)]"
        case .json: "input[\(index)]"
        }
    }
}

/// What the caller asked for, before it is checked against the model.
struct EmbeddingsOptions: Sendable, Equatable {
    var model: String?
    var spaces: [String]?
    var normalise: Bool?
    var base64: Bool?
    var dimensions: Int?
}

extension EmbeddingsOptions {
    /// Query parameters; others than these are refused.
    init(query head: HTTPRequestHead) throws(APIError) {
        for (name, value) in head.query {
            switch name {
            case "model": model = value
            case "spaces": spaces = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            case "normalize": normalise = try Self.truth(value, name)
            case "encoding_format": base64 = try Self.isBase64(value)
            default:
                throw APIError(
                    .unknownParameter,
                    "There is no query parameter of that name; known: model, spaces, normalize, encoding_format.",
                    param: "query")
            }
        }
    }

    /// `float` or `base64`.
    static func isBase64(_ text: String) throws(APIError) -> Bool {
        guard text == "float" || text == "base64" else {
            throw APIError(.invalidRequest, "encoding_format is 'float' or 'base64'.", param: "encoding_format")
        }
        return text == "base64"
    }

    private static func truth(_ text: String, _ name: String) throws(APIError) -> Bool {
        switch text {
        case "true", "1": true
        case "false", "0": false
        default: throw APIError(.invalidRequest, "\(name) is 'true' or 'false'.", param: name)
        }
    }

    /// The model asked for, or the default one.
    func resolveModel(_ registry: ModelRegistry) throws(APIError) -> EmbeddingModel {
        guard let model else {
            guard let fallback = registry.defaultModel else {
                throw APIError(.notReady, "The model is still loading.", retryAfter: 1)
            }
            return fallback
        }
        guard let id = ModelID(model), let found = registry[id] else {
            let names = registry.loaded.map(\.id.text).joined(separator: ", ")
            throw APIError(
                .modelNotFound, "No model of that name is loaded. Loaded: \(names.isEmpty ? "none yet" : names).",
                param: "model")
        }
        return found
    }

    /// The spaces asked for in their order, `backbone` when none were; each once.
    func resolveSpaces(_ model: EmbeddingModel) throws(APIError) -> [ModelManifest.Space] {
        let known = model.manifest.spaces
        var found = spaces == nil ? Array(known.prefix(1)) : []
        for name in spaces ?? [] {
            guard let space = SpaceName(name).flatMap(model.manifest.space) else {
                let names = known.map(\.name.text).joined(separator: ", ")
                throw APIError(.unknownSpace, "The model has no such space. Its spaces: \(names).", param: "spaces")
            }
            guard !found.contains(where: { $0.name == space.name }) else {
                throw APIError(.invalidRequest, "The space '\(space.name)' is asked for twice.", param: "spaces")
            }
            found.append(space)
        }
        guard let first = found.first else {
            throw APIError(.invalidRequest, "Ask for at least one space.", param: "spaces")
        }
        if let dimensions, dimensions != first.dimensions {
            throw APIError(
                .invalidDimensions,
                "The space '\(first.name)' has \(first.dimensions) dimensions; vectors are not shortened.",
                param: "dimensions")
        }
        return found
    }
}
