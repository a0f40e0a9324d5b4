// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import EmbeddingPipeline
internal import HTTPServer
internal import Telemetry
internal import Vectors

extension FacetAPI {
    /// The body forms of `POST /v1/embeddings`.
    enum BodyForm: Sendable {
        case image, multipart, json

        /// Nil for a media type that is not read.
        init?(_ contentType: String?) {
            let type = contentType?.prefix { $0 != ";" }.trimmingSpaces().lowercased() ?? ""
            switch type {
            case "application/json": self = .json
            case "multipart/form-data": self = .multipart
            case "application/octet-stream": self = .image
            default:
                guard type.hasPrefix("image/") else { return nil }
                self = .image
            }
        }
    }

    /// Bytes of a body that are taken apart on the event loop itself; larger ones go to a queue.
    private static var smallBody: Int { 64 << 10 }

    /// Why a request would be refused whatever its body holds; nil when the body is worth reading.
    func embeddingsRefusal(_ head: HTTPRequestHead) -> APIError? {
        guard BodyForm(head.headers.first("content-type")) != nil else {
            return APIError(
                .unsupportedMediaType,
                "Send image/png, image/jpeg, image/webp, multipart/form-data or application/json as Content-Type.")
        }
        return whyNoUpload()
    }

    /// Why no upload is taken now; nil when one is.
    func whyNoUpload() -> APIError? {
        guard configuration.registry.defaultModel != nil else {
            return APIError(.notReady, "The model is still loading.", retryAfter: 1)
        }
        guard configuration.pipeline.hasRoom else {
            configuration.pipeline.metrics.refused.add()
            return APIError(AdmissionError.queueFull(retryAfter: 1))
        }
        return nil
    }

    /// Parses, embeds and answers; `reply` is called once, on whatever thread finishes.
    func embed(_ request: HTTPRequest, _ context: RequestContext, _ reply: @escaping @Sendable (HTTPResponse) -> Void) {
        let isSmall =
            request.body.count <= Self.smallBody || BodyForm(request.head.headers.first("content-type")) == .image
        // With a catalog there is a cache, which reads the disk.
        guard !isSmall || configuration.collections != nil else { return start(request, context, reply) }
        parsing.async { self.start(request, context, reply) }
    }

    private func start(
        _ request: HTTPRequest, _ context: RequestContext, _ reply: @escaping @Sendable (HTTPResponse) -> Void
    ) {
        do throws(APIError) {
            let call = try EmbeddingsCall(parsing: request, configuration)
            try run(call, request, context, reply)
        } catch {
            reply(response(error))
        }
    }

    private func run(
        _ call: EmbeddingsCall, _ request: HTTPRequest, _ context: RequestContext,
        _ reply: @escaping @Sendable (HTTPResponse) -> Void
    ) throws(APIError) {
        let images = call.inputs.compactMap { try? $0.get() }
        guard !images.isEmpty else {
            return reply(response(EmbeddingsAnswer(call, outcomes: []), timing: EmbeddingTiming(), context))
        }
        let work = EmbeddingRequest(
            images: images, model: call.model, spaces: call.spaces, normalise: call.normalise,
            isCancelled: { [cancellation = request.cancellation] in cancellation.isCancelled })
        try embedCached(work) { [self] outcomes, timing in
            reply(response(EmbeddingsAnswer(call, outcomes: outcomes), timing: timing, context))
        }
    }

    private func response(
        _ answer: EmbeddingsAnswer, timing: EmbeddingTiming, _ context: RequestContext
    ) -> HTTPResponse {
        var response: HTTPResponse
        do throws(APIError) {
            response = try answer.response()
        } catch {
            response = self.response(error)
        }
        addTiming(timing, to: &response, context)
        return response
    }

    /// Tells where the time went, as `Server-Timing`.
    func addTiming(_ timing: EmbeddingTiming, to response: inout HTTPResponse, _ context: RequestContext) {
        let total = configuration.ticker.now - context.start
        let parts = [
            ("decode", timing.decode), ("queue", timing.queue), ("inference", timing.inference), ("total", total),
        ]
        response.headers.set(
            "Server-Timing", parts.map { "\($0.0);dur=\(Self.milliseconds($0.1))" }.joined(separator: ", "))
    }

    /// Milliseconds with two decimals.
    private static func milliseconds(_ duration: Duration) -> String {
        let hundredths = Int((duration.seconds * 100_000).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}

extension StringProtocol {
    /// The text without spaces and tabs at its ends.
    func trimmingSpaces() -> String {
        var text = Substring(self)
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text.drop { $0 == " " || $0 == "\t" })
    }
}
