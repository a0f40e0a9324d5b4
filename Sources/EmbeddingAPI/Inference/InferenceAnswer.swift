// SPDX-License-Identifier: Apache-2.0

internal import EmbeddingPipeline
internal import HTTPServer
internal import ModelFolders
internal import Vectors

/// The vectors of an inference call, a tensor [images, dimensions] for each space.
struct InferenceAnswer {
    private let call: InferenceCall
    private let images: [EmbeddedImage]

    /// Throws the error of the first image that has no vectors: tensors have no room for one.
    init(_ call: InferenceCall, outcomes: FacetAPI.CachedOutcomes) throws(APIError) {
        self.call = call
        var images: [EmbeddedImage] = []
        for (place, outcome) in outcomes.enumerated() {
            switch outcome {
            case .success(let cached): images.append(cached.image)
            case .failure(let failure): throw APIError(failure, place: "inputs[0].data[\(place)]")
            }
        }
        self.images = images
    }

    /// JSON, with the binary tensors behind it in the order of the outputs.
    func response() -> HTTPResponse {
        var (json, tensors) = (JSONWriter(), [UInt8]())
        json.object { out in
            out.field("model_name", call.work.model.id.text)
            out.field("model_version", call.work.model.digest.description)
            if let id = call.id { out.field("id", id) }
            out.key("outputs")
            out.array { list in
                for (place, output) in call.outputs.enumerated() { write(output, place, to: &list, &tensors) }
            }
        }
        guard call.outputs.contains(where: \.isBinary) else {
            return HTTPResponse(status: 200, contentType: "application/json", body: json.bytes)
        }
        var response = HTTPResponse(
            status: 200, contentType: "application/octet-stream", body: json.bytes + tensors)
        response.headers.set("Inference-Header-Content-Length", String(json.bytes.count))
        return response
    }

    private func write(
        _ output: InferenceCall.Output, _ place: Int, to list: inout JSONWriter, _ tensors: inout [UInt8]
    ) {
        let values = images.flatMap { $0.embeddings[place].values }
        list.object { out in
            out.field("name", output.space.name.text)
            out.field("datatype", "FP32")
            out.key("shape")
            out.array {
                $0.number(images.count)
                $0.number(output.space.dimensions)
            }
            if output.isBinary {
                out.key("parameters")
                out.object { $0.field("binary_data_size", values.count * 4) }
            } else {
                out.key("data")
                out.vector(values)
            }
        }
        if output.isBinary { NPY.append(values, to: &tensors) }
    }
}
