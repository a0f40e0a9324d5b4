// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The JSON body of `POST /v1/embeddings`: OpenAI's fields, with images for `input`, and ours.
///
/// Fields that are not known are refused by name, so that a misspelt one is not silently without effect.
struct OpenAIEmbeddingRequest: Sendable {
    let model: String?
    /// Base64 or data URIs, in order.
    let inputs: [String]
    let spaces: [String]?
    let normalise: Bool?
    let isBase64: Bool?
    let dimensions: Int?

    init(parsing body: [UInt8]) throws(APIError) {
        do {
            self = try JSONDecoder().decode(Wire.self, from: Data(body)).checked()
        } catch let error as APIError {
            throw error
        } catch let error as DecodingError {
            throw Self.explain(error)
        } catch {
            throw APIError(.invalidJSON, "The body is not JSON.")
        }
    }

    private init(
        model: String?, inputs: [String], spaces: [String]?, normalise: Bool?, isBase64: Bool?, dimensions: Int?
    ) {
        self.model = model
        self.inputs = inputs
        self.spaces = spaces
        self.normalise = normalise
        self.isBase64 = isBase64
        self.dimensions = dimensions
    }

    private static func explain(_ error: DecodingError) -> APIError {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
            guard !path.isEmpty else { return APIError(.invalidRequest, "The body must be a JSON object.") }
            return APIError(
                .invalidRequest, "A field has another type than it should.", param: String(path.dropFirst()))
        case .keyNotFound(let key, _):
            return APIError(.missingInput, "The field '\(key.stringValue)' is missing.", param: key.stringValue)
        default: return APIError(.invalidJSON, "The body is not JSON.")
        }
    }

    /// The body as it is on the wire.
    private struct Wire: Decodable {
        var model: String?
        var inputs: [String] = []
        var spaces: [String]?
        var normalise: Bool?
        var format: String?
        var dimensions: Int?

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        /// `{"image": "..."}` in place of a text.
        private struct ImageObject: Decodable {
            let image: String
        }

        private enum Input: Decodable {
            case text(String)
            case object(ImageObject)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let text = try? container.decode(String.self) {
                    self = .text(text)
                } else {
                    self = .object(try container.decode(ImageObject.self))
                }
            }

            var text: String {
                switch self {
                case .text(let text): text
                case .object(let object): object.image
                }
            }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            for key in container.allKeys {
                switch key.stringValue {
                case "model": model = try container.decode(String.self, forKey: key)
                case "input": inputs = try Self.inputs(container, key)
                case "spaces": spaces = try container.decode([String].self, forKey: key)
                case "normalize": normalise = try container.decode(Bool.self, forKey: key)
                case "encoding_format": format = try container.decode(String.self, forKey: key)
                case "dimensions": dimensions = try container.decode(Int.self, forKey: key)
                case "user": _ = try container.decode(String.self, forKey: key)
                default:
                    throw APIError(
                        .unknownField,
                        "A field is not known; known: model, input, spaces, normalize, encoding_format, dimensions, user."
                    )
                }
            }
        }

        private static func inputs(_ container: KeyedDecodingContainer<Key>, _ key: Key) throws -> [String] {
            if let one = try? container.decode(String.self, forKey: key) { return [one] }
            return try container.decode([Input].self, forKey: key).map(\.text)
        }

        func checked() throws(APIError) -> OpenAIEmbeddingRequest {
            guard !inputs.isEmpty else {
                throw APIError(.missingInput, "Give images as base64 or data URIs.", param: "input")
            }
            return OpenAIEmbeddingRequest(
                model: model, inputs: inputs, spaces: spaces, normalise: normalise,
                isBase64: try format.map(EmbeddingsOptions.isBase64), dimensions: dimensions)
        }
    }
}
