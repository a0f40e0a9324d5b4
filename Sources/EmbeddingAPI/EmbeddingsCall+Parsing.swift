// SPDX-License-Identifier: Apache-2.0

internal import EmbeddingPipeline
internal import HTTPServer

extension EmbeddingsCall {
    /// Reads the request in whichever of the three body forms it came.
    init(parsing request: HTTPRequest, _ configuration: APIConfiguration) throws(APIError) {
        let head = request.head
        var options = try EmbeddingsOptions(query: head)
        guard let form = FacetAPI.BodyForm(head.headers.first("content-type")) else {
            throw APIError(.unsupportedMediaType, "This Content-Type is not read.")
        }
        self.form = form
        let inputs: [Input]
        switch form {
        case .image:
            inputs = [.success(request.body)]
        case .multipart:
            inputs = try Self.multipartImages(request)
        case .json:
            inputs = try Self.jsonImages(request.body, &options, most: configuration.limits.images)
        }
        guard !inputs.isEmpty else {
            throw APIError(.missingInput, "There is no image in the request.", param: form == .json ? "input" : "image")
        }
        guard inputs.count <= configuration.limits.images else {
            throw APIError(
                .tooManyImages,
                "The request has \(inputs.count) images; the limit is \(configuration.limits.images). Split it.",
                param: form == .json ? "input" : "image")
        }
        model = try options.resolveModel(configuration.registry)
        spaces = try options.resolveSpaces(model)
        normalise = options.normalise ?? false
        self.inputs = inputs
        format = try Self.format(head.headers.all("accept"), base64: options.base64 ?? false)
    }

    /// Every part named `image`, in order; a part of another name is refused.
    private static func multipartImages(_ request: HTTPRequest) throws(APIError) -> [Input] {
        let parts: [MultipartPart]
        do {
            parts = try MultipartParser(contentType: request.head.headers.first("content-type") ?? "")
                .parse(request.body)
        } catch {
            throw APIError(.invalidMultipart, error.description)
        }
        for part in parts where part.name != "image" {
            throw APIError(.unknownField, "A part is not named 'image'; images are sent as parts of that name.")
        }
        return parts.map { .success(Array(request.body[$0.body])) }
    }

    /// OpenAI's shape; an input that is not base64 of anything fails alone.
    ///
    /// What the body says of an option goes before what the query says.
    private static func jsonImages(
        _ body: [UInt8], _ options: inout EmbeddingsOptions, most: Int
    ) throws(APIError) -> [Input] {
        let parsed = try OpenAIEmbeddingRequest(parsing: body, mostInputs: most)
        options.model = parsed.model ?? options.model
        options.spaces = parsed.spaces ?? options.spaces
        options.normalise = parsed.normalise ?? options.normalise
        options.base64 = parsed.isBase64 ?? options.base64
        options.dimensions = parsed.dimensions
        return parsed.inputs.enumerated().map(decode)
    }

    private static func decode(_ index: Int, _ text: JSONText) -> Input {
        do throws(DataURIError) {
            return .success(try text.withBytes(DataURI.imageBytes))
        } catch {
            return .failure(APIError(.invalidBase64, error.description, param: "input[\(index)]"))
        }
    }

    /// What `Accept` asks for; JSON when it is absent.
    private static func format(_ accept: [String], base64: Bool) throws(APIError) -> Format {
        switch MediaType.negotiate(accept) {
        case .json: return .json(base64: base64)
        case .octetStream: return .bytes
        case .npy: return .npy
        case nil:
            throw APIError(
                .notAcceptable, "Accept one of application/json, application/octet-stream, application/x-npy.")
        }
    }
}
