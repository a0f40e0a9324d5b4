// SPDX-License-Identifier: Apache-2.0

internal import EmbeddingPipeline
internal import HTTPServer
internal import Telemetry
internal import Vectors

extension FacetAPI {
    /// The longest an image may wait for a forward pass before the process counts as stuck.
    private static var stuckAfter: Duration { .seconds(30) }

    /// The process answers: nothing more.
    func live() -> HTTPResponse {
        var writer = JSONWriter()
        writer.object { $0.field("status", "live") }
        return HTTPResponse(status: 200, contentType: "application/json", body: writer.bytes)
    }

    /// The default model has run a forward pass, the collections are in memory, passes keep finishing, and the server is
    /// not draining.
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
        let wait = configuration.pipeline.oldestWait
        guard wait < Self.stuckAfter else {
            return APIError(
                .notReady, "An image has been waiting for \(Int(wait.seconds)) s: the inference thread is stuck.")
        }
        return nil
    }
}
