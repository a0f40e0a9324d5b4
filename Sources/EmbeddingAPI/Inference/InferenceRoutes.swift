// SPDX-License-Identifier: Apache-2.0
//
// KServe's Open Inference Protocol, version 2, over HTTP, with the binary tensor data extension: the interface that
// Triton, KServe and their clients speak. The inputs are images, the outputs are spaces, a version is a checkpoint's
// digest.

internal import Dispatch
internal import EmbeddingPipeline
internal import HTTPServer
internal import ModelFolders
internal import Telemetry
internal import Vectors

extension FacetAPI {
    static func addInference(to router: inout Router<Endpoint>) {
        router.add(.get, "/v2", .inferenceServer)
        router.add(.get, "/v2/health/live", .inferenceLive)
        router.add(.get, "/v2/health/ready", .inferenceReady)
        for model in ["/v2/models/{model}", "/v2/models/{model}/versions/{version}"] {
            router.add(.get, model, .inferenceModel)
            router.add(.get, model + "/ready", .inferenceModelReady)
            router.add(.post, model + "/infer", .infer)
        }
    }

    /// The route's pattern, for metrics; those with a version count as those without.
    static func inferenceName(of endpoint: Endpoint) -> String {
        switch endpoint {
        case .inferenceLive: "/v2/health/live"
        case .inferenceReady: "/v2/health/ready"
        case .inferenceModel: "/v2/models/{model}"
        case .inferenceModelReady: "/v2/models/{model}/ready"
        case .infer: "/v2/models/{model}/infer"
        default: "/v2"
        }
    }

    /// Whether a caller expects the protocol's errors instead of ours.
    static func speaksInference(_ head: HTTPRequestHead) -> Bool { head.pathSegments.first == "v2" }

    /// `{"error":"code: message"}`, the shape that the protocol knows.
    func inferenceError(_ error: APIError) -> HTTPResponse {
        var writer = JSONWriter()
        writer.object { $0.field("error", "\(error.code.rawValue): \(error.message)") }
        return decorated(HTTPResponse(status: error.status, contentType: "application/json", body: writer.bytes), error)
    }

    func respondToInference(
        _ endpoint: Endpoint, _ captures: [String: String], _ request: HTTPRequest, _ context: RequestContext,
        _ reply: @escaping @Sendable (HTTPResponse) -> Void
    ) {
        if endpoint == .infer {
            parsing.async { [self] in infer(captures, request, context, reply) }
            return
        }
        do throws(APIError) {
            switch endpoint {
            case .inferenceLive: reply(inferenceJSON { $0.field("live", true) })
            case .inferenceReady:
                if let refusal = whyNotReady() { throw refusal }
                reply(inferenceJSON { $0.field("ready", true) })
            case .inferenceModel: reply(describe(try inferenceModel(captures)))
            case .inferenceModelReady:
                let model = try inferenceModel(captures)
                if let refusal = whyNotReady() { throw refusal }
                reply(
                    inferenceJSON {
                        $0.field("name", model.id.text)
                        $0.field("ready", true)
                    })
            default: reply(describeServer())
            }
        } catch {
            reply(inferenceError(error))
        }
    }

    /// Why an inference request would be refused whatever its body holds; nil when the body is worth reading.
    func inferenceRefusal(_ head: HTTPRequestHead) -> APIError? {
        let type = head.headers.first("content-type")?.prefix { $0 != ";" }.trimmingSpaces().lowercased()
        guard [nil, "application/json", "application/octet-stream"].contains(type) else {
            return APIError(.unsupportedMediaType, "Send application/json or application/octet-stream as Content-Type.")
        }
        let coding = head.headers.first("content-encoding")?.trimmingSpaces().lowercased()
        guard [nil, "", "identity"].contains(coding) else {
            return APIError(.unsupportedMediaType, "Compressed bodies are not read.")
        }
        return whyNoUpload()
    }

    // MARK: Answers

    private func inferenceJSON(_ body: (inout JSONWriter) -> Void) -> HTTPResponse {
        var writer = JSONWriter()
        writer.object(body)
        return HTTPResponse(status: 200, contentType: "application/json", body: writer.bytes)
    }

    private func describeServer() -> HTTPResponse {
        inferenceJSON { out in
            out.field("name", "facet")
            out.field("version", configuration.info.version)
            out.key("extensions")
            out.array { $0.string("binary_tensor_data") }
        }
    }

    private func describe(_ model: EmbeddingModel) -> HTTPResponse {
        let side = model.preprocessing.size
        return inferenceJSON { out in
            out.field("name", model.id.text)
            out.key("versions")
            out.array { $0.string(model.digest.description) }
            out.field("platform", "facet")
            out.key("inputs")
            out.array { list in
                write("image", "BYTES", [-1], to: &list)
                write("pixels", "FP32", [-1, 3, side, side], to: &list)
            }
            out.key("outputs")
            out.array { list in
                for space in model.manifest.spaces {
                    write(space.name.text, "FP32", [-1, space.dimensions], to: &list)
                }
            }
        }
    }

    private func write(_ name: String, _ datatype: String, _ shape: [Int], to list: inout JSONWriter) {
        list.object { out in
            out.field("name", name)
            out.field("datatype", datatype)
            out.key("shape")
            out.array { numbers in for number in shape { numbers.number(number) } }
        }
    }

    /// The model of a path, and of its version where it names one.
    private func inferenceModel(_ captures: [String: String]) throws(APIError) -> EmbeddingModel {
        var options = EmbeddingsOptions()
        options.model = captures["model"] ?? ""
        let model = try options.resolveModel(configuration.registry)
        guard let version = captures["version"], version != model.digest.description else { return model }
        throw APIError(.modelNotFound, "The model is loaded in another version: \(model.digest).", param: "version")
    }

    private func infer(
        _ captures: [String: String], _ request: HTTPRequest, _ context: RequestContext,
        _ reply: @escaping @Sendable (HTTPResponse) -> Void
    ) {
        do throws(APIError) {
            let model = try inferenceModel(captures)
            let call = try InferenceCall(parsing: request, for: model, configuration.limits)
            try embedCached(call.work) { [self] outcomes, timing in
                do throws(APIError) {
                    var response = try InferenceAnswer(call, outcomes: outcomes).response()
                    addTiming(timing, to: &response, context)
                    reply(response)
                } catch {
                    reply(inferenceError(error))
                }
            }
        } catch {
            reply(inferenceError(error))
        }
    }
}
