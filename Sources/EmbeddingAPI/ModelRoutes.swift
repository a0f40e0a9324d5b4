// SPDX-License-Identifier: Apache-2.0

internal import EmbeddingPipeline
internal import HTTPServer
internal import ImageDecoding
internal import ModelFolders
internal import Vectors

extension FacetAPI {
    /// `GET /v1/models`: the models that are loaded.
    func listModels() -> HTTPResponse {
        var writer = JSONWriter()
        writer.object { list in
            list.field("object", "list")
            list.key("data")
            list.array { data in
                for model in configuration.registry.loaded {
                    data.object {
                        $0.field("id", model.id.text)
                        $0.field("object", "model")
                        $0.field("digest", model.digest.description)
                    }
                }
            }
        }
        return HTTPResponse(status: 200, contentType: "application/json", body: writer.bytes)
    }

    /// `GET /v1/models/{model}`: everything a caller needs to choose spaces and stay within limits.
    func describeModel(_ name: String) -> HTTPResponse {
        guard let id = ModelID(name), let model = configuration.registry[id] else { return modelNotFound(name) }
        var writer = JSONWriter()
        writer.object { out in
            out.field("id", model.id.text)
            out.field("object", "model")
            out.field("digest", model.digest.description)
            write(architectureOf: model, to: &out)
            out.key("spaces")
            out.array { list in
                for space in model.manifest.spaces { write(space, to: &list) }
            }
            write(preprocessingOf: model, to: &out)
            writeLimits(to: &out)
            out.field("licence", model.manifest.licence)
            write(model.manifest.training, to: &out)
            write(model.manifest.curves, to: &out)
        }
        return HTTPResponse(status: 200, contentType: "application/json", body: writer.bytes)
    }

    func modelNotFound(_ name: String) -> HTTPResponse {
        let names = configuration.registry.loaded.map(\.id.text).joined(separator: ", ")
        return error(
            .modelNotFound, "No model of that name is loaded. Loaded: \(names.isEmpty ? "none yet" : names).",
            param: "model")
    }

    private func write(architectureOf model: EmbeddingModel, to out: inout JSONWriter) {
        let summary = model.manifest.architecture
        out.key("architecture")
        out.object {
            $0.field("family", summary.family)
            $0.field("backbone", summary.backbone)
            $0.field("width", summary.width)
            $0.field("heads", summary.heads)
            $0.field("parameters", model.parameterCount)
        }
    }

    private func write(_ space: ModelManifest.Space, to out: inout JSONWriter) {
        out.object { out in
            out.field("name", space.name.text)
            out.field("kind", space.kind.rawValue)
            out.field("dimensions", space.dimensions)
            out.key("sensitive_to")
            if let factors = space.sensitiveTo {
                out.array { list in for factor in factors { list.string(factor) } }
            } else {
                out.null()
            }
            out.key("invariance")
            if let profile = space.invariance {
                out.object {
                    for (factor, value) in profile.sorted(by: { $0.key < $1.key }) { $0.field(factor, value) }
                }
            } else {
                out.null()
            }
        }
    }

    private func write(preprocessingOf model: EmbeddingModel, to out: inout JSONWriter) {
        let preprocessing = model.preprocessing
        out.key("preprocessing")
        out.object { out in
            out.field("size", preprocessing.size)
            out.field("resize", preprocessing.resize)
            out.key("mean")
            out.array { list in for value in preprocessing.mean { list.number(value) } }
            out.key("std")
            out.array { list in for value in preprocessing.std { list.number(value) } }
            out.field("version", preprocessing.version)
        }
    }

    private func writeLimits(to out: inout JSONWriter) {
        let images = configuration.pipeline.imageLimits
        out.key("limits")
        out.object {
            $0.field("max_body_bytes", configuration.limits.bodyBytes)
            $0.field("max_images_per_request", configuration.limits.images)
            $0.field("max_image_bytes", images.bytes)
            $0.field("max_image_width", images.width)
            $0.field("max_image_height", images.height)
            $0.field("max_image_pixels", images.pixels)
        }
    }

    private func write(_ training: [String: JSONScalar]?, to out: inout JSONWriter) {
        out.key("training")
        guard let training else { return out.null() }
        out.object { out in
            for (name, value) in training.sorted(by: { $0.key < $1.key }) {
                switch value {
                case .text(let text): out.field(name, text)
                case .number(let number): out.field(name, number)
                case .truth(let truth): out.field(name, truth)
                }
            }
        }
    }

    /// What training logged, by name and thinned out: a value each epoch or so, for drawing.
    private func write(_ curves: [String: [Double]]?, to out: inout JSONWriter) {
        guard let curves else { return }
        out.key("curves")
        out.object { out in
            for (name, values) in curves.sorted(by: { $0.key < $1.key }) {
                out.key(name)
                out.array { list in for value in values { list.number(value) } }
            }
        }
    }
}
