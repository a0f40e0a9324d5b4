// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import EmbeddingPipeline
internal import HTTPServer
internal import Vectors

extension FacetAPI {
    /// `POST /v1/models/{model}/load`: loads a model of the folder, or loads it again.
    ///
    /// The old one serves until the new one has run a forward pass; when the new one does not work, it goes on serving.
    func loadModel(_ name: String) throws(APIError) -> HTTPResponse {
        let registry = configuration.registry
        guard let id = ModelID(name), registry.available.contains(id) else {
            let names = registry.available.map(\.text).joined(separator: ", ")
            throw APIError(
                .modelNotFound, "There is no model of that name. In the folder: \(names.isEmpty ? "none" : names).",
                param: "model")
        }
        do {
            try registry.load(id)
        } catch {
            let state = registry[id] == nil ? "It is not loaded." : "The one that was loaded goes on serving."
            throw APIError(.modelUnusable, "The model does not load: \(error). \(state)", param: "model")
        }
        return describeModel(name)
    }

    /// `POST /v1/models/{model}/unload`: calls in flight keep it until they are answered.
    func unloadModel(_ name: String) throws(APIError) -> HTTPResponse {
        let registry = configuration.registry
        guard let id = ModelID(name), registry[id] != nil else {
            throw APIError(.modelNotFound, "No model of that name is loaded.", param: "model")
        }
        guard id != registry.defaultID else {
            throw APIError(
                .defaultModel, "This is the default model, without which the service is not ready; it stays.",
                param: "model")
        }
        registry.unload(id)
        var writer = JSONWriter()
        writer.object {
            $0.field("id", id.text)
            $0.field("object", "model")
            $0.field("unloaded", true)
        }
        return HTTPResponse(status: 200, contentType: "application/json", body: writer.bytes)
    }

    /// Runs `body` one at a time, off the event loops.
    func onModels(
        _ reply: @escaping @Sendable (HTTPResponse) -> Void,
        _ body: @escaping @Sendable () throws(APIError) -> HTTPResponse
    ) {
        modelWork.async { [self] in
            do throws(APIError) { reply(try body()) } catch { reply(response(error)) }
        }
    }
}
