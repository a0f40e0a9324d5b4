// SPDX-License-Identifier: Apache-2.0

internal import EmbeddingPipeline
internal import HTTPServer
internal import ModelFolders

/// An inference request, held against a model and ready to run.
struct InferenceCall: Sendable {
    /// A space of the answer, and whether it comes behind the JSON.
    struct Output: Sendable {
        let space: ModelManifest.Space
        let isBinary: Bool
    }

    let id: String?
    let work: EmbeddingRequest
    let outputs: [Output]

    /// Reads a request to the model `model`: JSON, JSON with binary tensors behind it, or the file of one image alone.
    init(parsing request: HTTPRequest, for model: EmbeddingModel, _ limits: APILimits) throws(APIError) {
        let length = try Self.headerLength(request)
        if length == 0 {
            // The protocol's way to send one tensor and nothing else.
            outputs = try Self.outputs([], model, isBinary: false)
            id = nil
            work = Self.work([request.body], .files, outputs, model, request)
            return
        }
        let side = model.preprocessing.size
        let parsed = try InferenceRequest(
            parsing: length.map { Array(request.body.prefix($0)) } ?? request.body,
            mostElements: limits.images * side * side * 3)
        guard parsed.inputs.count == 1 else {
            throw APIError(
                .invalidTensor, "Send one input, 'image' or 'pixels'; the request has \(parsed.inputs.count).",
                param: "inputs")
        }
        let tensor = InferenceTensor(parsed.inputs[0], side: side, limits)
        let images = try tensor.images(behind: request.body[(length ?? request.body.count)...])
        outputs = try Self.outputs(parsed.outputs, model, isBinary: parsed.isBinary)
        id = parsed.id
        work = Self.work(images, tensor.content, outputs, model, request, normalise: parsed.normalise)
    }

    private static func work(
        _ images: [[UInt8]], _ content: EmbeddingRequest.Content, _ outputs: [Output], _ model: EmbeddingModel,
        _ request: HTTPRequest, normalise: Bool = false
    ) -> EmbeddingRequest {
        EmbeddingRequest(
            images: images, content: content, model: model, spaces: outputs.map(\.space), normalise: normalise,
            isCancelled: { [gone = request.cancellation] in gone.isCancelled })
    }

    /// Bytes of the JSON where tensors follow it; nil when all of the body is JSON.
    private static func headerLength(_ request: HTTPRequest) throws(APIError) -> Int? {
        let name = "Inference-Header-Content-Length"
        let values = request.head.headers.all(name)
        guard let value = values.first else { return nil }
        guard values.count == 1, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(value),
            length <= request.body.count
        else {
            throw APIError(
                .invalidRequest,
                "\(name) is the number of the body's bytes that are JSON, \(request.body.count) at most.",
                param: name)
        }
        return length
    }

    /// The spaces asked for, in their order; the backbone when none is.
    private static func outputs(
        _ wanted: [InferenceRequest.Output], _ model: EmbeddingModel, isBinary: Bool
    ) throws(APIError) -> [Output] {
        var options = EmbeddingsOptions()
        if !wanted.isEmpty { options.spaces = wanted.map(\.name) }
        let spaces: [ModelManifest.Space]
        do throws(APIError) {
            spaces = try options.resolveSpaces(model)
        } catch {
            throw APIError(error.code, error.message, param: "outputs")
        }
        return spaces.enumerated().map { place, space in
            Output(space: space, isBinary: (wanted.isEmpty ? nil : wanted[place].isBinary) ?? isBinary)
        }
    }
}
