// SPDX-License-Identifier: Apache-2.0

internal import EmbeddingPipeline
internal import HTTPServer
internal import Telemetry
internal import Vectors

/// What a running service is and how it was configured, in the words of its flags.
package struct ServiceInfo: Sendable {
    package var version: String
    /// By setting; never a path, an address or a secret.
    package var settings: [(name: String, value: String)]

    package init(version: String = "", settings: [(name: String, value: String)] = []) {
        self.version = version
        self.settings = settings
    }
}

extension FacetAPI {
    /// `GET /v1/info`: version, uptime, loaded models and the effective settings.
    func info() -> HTTPResponse {
        var writer = JSONWriter()
        writer.object { out in
            out.field("object", "info")
            out.field("version", configuration.info.version)
            out.field("uptime_seconds", (configuration.ticker.now - started).seconds.rounded())
            out.field("keys", configuration.access != nil)
            out.field("collections", configuration.collections != nil)
            out.field("default_model", configuration.registry.defaultID.text)
            out.key("models")
            out.array { list in for model in configuration.registry.loaded { list.string(model.id.text) } }
            out.key("settings")
            out.object { for setting in configuration.info.settings { $0.field(setting.name, setting.value) } }
        }
        return HTTPResponse(status: 200, contentType: "application/json", body: writer.bytes)
    }
}
