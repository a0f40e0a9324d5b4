// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Collections
internal import EmbeddingPipeline
internal import HTTPServer
internal import Telemetry
internal import Vectors

extension FacetAPI {
    /// The process answers: nothing more.
    func live() -> HTTPResponse {
        var writer = JSONWriter()
        writer.object { $0.field("status", "live") }
        return HTTPResponse(status: 200, contentType: "application/json", body: writer.bytes)
    }

    /// The default model has run a forward pass, the collections are in memory, passes, decoders and transactions keep
    /// finishing, and the server is not draining.
    func ready() -> HTTPResponse {
        if let refusal = whyNotReady() { return response(refusal) }
        var writer = JSONWriter()
        writer.object {
            $0.field("status", "ready")
            $0.field("model", configuration.registry.defaultID.text)
            $0.field("digest", configuration.registry.defaultModel?.digest.description)
        }
        return HTTPResponse(status: 200, contentType: "application/json", body: writer.bytes)
    }

    /// What stands in the way of more requests; nil when nothing does.
    func whyNotReady() -> APIError? {
        if isDraining { return APIError(.notReady, "The server is draining.") }
        guard configuration.registry.defaultModel != nil else {
            return APIError(
                .notReady, "The model '\(configuration.registry.defaultID)' is still loading.", retryAfter: 1)
        }
        if let loading = configuration.loading, loading.service == nil {
            return APIError(.notReady, "The collections are still loading: \(loading.state).", retryAfter: 1)
        }
        if let trouble = configuration.collections?.trouble {
            return APIError(.catalogUnavailable, "\(trouble)", retryAfter: 1)
        }
        return whatIsStuck()
    }

    private func whatIsStuck() -> APIError? {
        let (pass, image) = (configuration.pipeline.oldestWait, configuration.pipeline.oldestDecode)
        let transaction = configuration.collections?.store.transactionAge ?? .zero
        guard pass < configuration.stuckAfter else {
            return APIError(
                .notReady, "An image has been waiting for \(Int(pass.seconds)) s: the inference thread is stuck.")
        }
        guard image < configuration.stuckAfter else {
            return APIError(.notReady, "An image has been decoded for \(Int(image.seconds)) s: a decoder is stuck.")
        }
        guard transaction < configuration.stuckAfter else {
            return APIError(
                .notReady,
                "The catalog has been writing for \(Int(transaction.seconds)) s: its disk or thread is stuck.")
        }
        return nil
    }
}
