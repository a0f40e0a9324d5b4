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
            // The form that most uploads have, as they are.
            if contentType == "image/jpeg" || contentType == "application/octet-stream" {
                self = .image
                return
            }
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
    ///
    /// A small body is taken apart on the event loop, and answered there when memory has its vectors. The cache's disk, the
    /// digest of a large image and the parts of a large body are for other threads.
    func embed(_ request: HTTPRequest, _ context: RequestContext, _ reply: @escaping @Sendable (HTTPResponse) -> Void) {
        let isImage = BodyForm(request.head.headers.first("content-type")) == .image
        let hasCache = configuration.collections != nil
        guard request.body.count <= Self.smallBody || isImage && !hasCache else {
            return parsing.async { self.start(request, context, mayWait: true, reply) }
        }
        start(request, context, mayWait: false, reply)
    }

    private func start(
        _ request: HTTPRequest, _ context: RequestContext, mayWait: Bool,
        _ reply: @escaping @Sendable (HTTPResponse) -> Void
    ) {
        do throws(APIError) {
            let call = try EmbeddingsCall(parsing: request, configuration)
            let images = call.inputs.compactMap { try? $0.get() }
            guard !images.isEmpty else {
                return reply(response(EmbeddingsAnswer(call, outcomes: []), timing: EmbeddingTiming(), context))
            }
            let known = lookUp(
                EmbeddingRequest(
                    images: images, model: call.model, spaces: call.spaces, normalise: call.normalise,
                    isCancelled: { [cancellation = request.cancellation] in cancellation.isCancelled }))
            guard mayWait || known.needsNoCache else {
                return parsing.async { self.run(call, known, context, reply) }
            }
            run(call, known, context, reply)
        } catch {
            reply(response(error))
        }
    }

    private func run(
        _ call: EmbeddingsCall, _ known: CacheLookup, _ context: RequestContext,
        _ reply: @escaping @Sendable (HTTPResponse) -> Void
    ) {
        do throws(APIError) {
            try embed(known) { [self] outcomes, timing in
                reply(response(EmbeddingsAnswer(call, outcomes: outcomes), timing: timing, context))
            }
        } catch {
            reply(response(error))
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
        var text: [UInt8] = []
        text.reserveCapacity(80)
        Self.append(timing.decode, as: "decode;dur=", to: &text)
        Self.append(timing.queue, as: ", queue;dur=", to: &text)
        Self.append(timing.inference, as: ", inference;dur=", to: &text)
        Self.append(total, as: ", total;dur=", to: &text)
        response.headers.set("Server-Timing", String(decoding: text, as: UTF8.self))
    }

    /// Appends milliseconds with two decimals.
    private static func append(_ duration: Duration, as name: StaticString, to text: inout [UInt8]) {
        text.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        let hundredths = max(0, Int((duration.seconds * 100_000).rounded()))
        text.append(contentsOf: String(hundredths / 100).utf8)
        text.append(UInt8(ascii: "."))
        text.append(UInt8(ascii: "0") + UInt8(hundredths % 100 / 10))
        text.append(UInt8(ascii: "0") + UInt8(hundredths % 10))
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
