// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Catalog
internal import Collections
internal import EmbeddingPipeline
internal import HTTPServer
internal import ModelFolders
internal import Telemetry
internal import VectorSearch
internal import Vectors

extension FacetAPI {
    /// The catalog, or the answer of a service without one.
    func requireCollections() throws(APIError) -> any CollectionEngine {
        guard let collections = configuration.collections else {
            if let loading = configuration.loading {
                throw APIError(.notReady, "The collections are being read: \(loading.state).", retryAfter: 1)
            }
            throw APIError(
                .noCatalog,
                "This service runs without a catalog. Start it with --store sqlite:PATH to have collections.")
        }
        return collections
    }

    /// Runs `body` where the disk may be waited for, and answers with what it returns or throws.
    func onCatalog(
        _ reply: @escaping @Sendable (HTTPResponse) -> Void,
        _ body: @escaping @Sendable (any CollectionEngine) throws(APIError) -> HTTPResponse
    ) {
        guard waitingForCatalog.enter() else {
            return reply(response(APIError(.catalogQueueFull, "Too many calls wait for the catalog.", retryAfter: 1)))
        }
        catalogWork.addOperation { [self] in
            defer { waitingForCatalog.leave() }
            let start = configuration.ticker.now
            let answer: HTTPResponse
            do throws(APIError) {
                answer = try body(try requireCollections())
            } catch {
                answer = response(error)
            }
            catalogSeconds.call.observe(configuration.ticker.now - start)
            reply(answer)
        }
    }

    /// `PUT /v1/collections/{c}`: makes a collection, or finds the one made alike.
    func createCollection(_ name: String, _ body: [UInt8]) throws(APIError) -> HTTPResponse {
        let service = try requireCollections()
        let fields = try JSONFields(
            body.isEmpty ? Array("{}".utf8) : body, known: ["model", "spaces", "element", "thumbnails"])
        var options = EmbeddingsOptions()
        (options.model, options.spaces) = (try fields.string("model"), try fields.strings("spaces"))
        let model = try options.resolveModel(configuration.registry)
        if options.spaces == nil {
            let heads = model.manifest.heads.map(\.name.text)
            options.spaces = heads.isEmpty ? [SpaceName.backbone.text] : heads
        }
        let spaces = try options.resolveSpaces(model).map {
            CollectionSpace(name: $0.name, dimensions: $0.dimensions)
        }
        let element: VectorElement
        switch try fields.string("element") {
        case nil, "float32": element = .float32
        case "float16": element = .float16
        default: throw APIError(.invalidRequest, "element is 'float32' or 'float16'.", param: "element")
        }
        let thumbnails = try Self.thumbnails(fields)
        let made = try catalog { () throws(CatalogError) in
            try service.store.create(
                CollectionDefinition(
                    name: CollectionName(name), model: model.id, checkpoint: model.digest, spaces: spaces,
                    element: element, preprocessing: model.preprocessing.identity), thumbnails: thumbnails)
        }
        return json(made.isNew ? 201 : 200) { $0.object { Self.write(made.record, configuration.thumbnails, to: &$0) } }
    }

    /// `160` or `"none"`; nil leaves it to the service.
    private static func thumbnails(_ fields: JSONFields) throws(APIError) -> ThumbnailRule? {
        let text: String
        switch fields["thumbnails"] {
        case nil: return nil
        case .string(let word): text = word.text == "none" ? word.text : ""
        case .integer(let side): text = "\(side)"
        default: text = ""
        }
        guard let rule = ThumbnailRule(text) else {
            let sides = ThumbnailRule.sides
            throw APIError(
                .invalidRequest,
                "thumbnails is \"none\" or the pixels of the longer side, \(sides.lowerBound) to \(sides.upperBound).",
                param: "thumbnails")
        }
        return rule
    }

    /// `GET /v1/collections`.
    func listCollections(_ head: HTTPRequestHead) throws(APIError) -> HTTPResponse {
        let service = try requireCollections()
        let records = try catalog { () throws(CatalogError) in try service.store.collections() }
            .filter { mayTouch($0.definition.name.text, head) }
        return json { out in
            out.object { list in
                list.field("object", "list")
                list.key("data")
                list.array { data in
                    for record in records { data.object { Self.write(record, configuration.thumbnails, to: &$0) } }
                }
            }
        }
    }

    /// `GET /v1/collections/{c}`.
    func describeCollection(_ name: String) throws(APIError) -> HTTPResponse {
        let record = try collection(name)
        let service = try requireCollections()
        let status = try found { () throws(CollectionsError) in
            try service.approximation(of: record.definition.name)
        }
        return json {
            $0.object {
                Self.write(record, configuration.thumbnails, to: &$0)
                if let status { Self.write(status, record.definition.spaces.map(\.name.text), to: &$0) }
            }
        }
    }

    /// `DELETE /v1/collections/{c}`.
    func deleteCollection(_ name: String) throws(APIError) -> HTTPResponse {
        let service = try requireCollections()
        try catalog { () throws(CatalogError) in try service.store.deleteCollection(CollectionName(name)) }
        return json { $0.object { $0.field("deleted", true) } }
    }

    /// The collection as it stands.
    func collection(_ name: String) throws(APIError) -> CollectionRecord {
        let service = try requireCollections()
        return try catalog { () throws(CatalogError) in try service.store.collection(CollectionName(name)) }
    }

    /// The model whose vectors the collection holds, if it is the one that is loaded.
    func model(of record: CollectionRecord) throws(APIError) -> EmbeddingModel {
        let id = record.definition.model
        guard let model = configuration.registry[id] else {
            throw APIError(
                .checkpointConflict,
                "The collection's model '\(id.text)' is not loaded. Serve it with --model \(id.text).",
                param: "model")
        }
        guard model.digest == record.definition.checkpoint else {
            throw APIError.changedModel(record, model: id.text)
        }
        let identity = model.preprocessing.identity
        guard record.definition.isPrepared(as: identity) else {
            throw APIError(
                CatalogError.preprocessingConflict(bound: record.definition.preprocessing ?? "", asked: identity))
        }
        return model
    }

    /// The manifest's spaces of a collection, in its order.
    func spaces(of record: CollectionRecord, in model: EmbeddingModel) throws(APIError) -> [ModelManifest.Space] {
        var spaces: [ModelManifest.Space] = []
        for space in record.definition.spaces {
            guard let found = model.manifest.space(space.name), found.dimensions == space.dimensions else {
                throw APIError.changedModel(record, model: model.id.text)
            }
            spaces.append(found)
        }
        return spaces
    }

    // MARK: Writing answers

    func catalog<Value>(_ body: () throws(CatalogError) -> Value) throws(APIError) -> Value {
        do throws(CatalogError) { return try body() } catch { throw APIError(error) }
    }

    func json(_ status: Int = 200, _ body: (inout JSONWriter) -> Void) -> HTTPResponse {
        var writer = JSONWriter()
        body(&writer)
        return HTTPResponse(status: status, contentType: "application/json", body: writer.bytes)
    }

    /// How far the graph for approximate searches is, and what was measured on it.
    private static func write(_ status: ApproximationStatus, _ spaces: [String], to out: inout JSONWriter) {
        out.key("approximation")
        out.object { graph in
            graph.field("state", status.phase.rawValue)
            graph.field("linked", status.linked)
            graph.field("pending", status.pending)
            graph.field("bytes", status.bytes)
            graph.key("recall")
            if let recall = status.recall { graph.number(Float(recall)) } else { graph.null() }
            graph.key("measured")
            graph.array { list in
                for kind in status.measured {
                    list.object { entry in
                        entry.field("weights", kind.kind.words(spaces))
                        entry.field("used", kind.isUsed)
                        entry.key("recall")
                        entry.number(Float(kind.recall))
                        entry.field("scored", kind.scored)
                    }
                }
            }
        }
    }

    /// `usual` is the service's rule, which holds where the collection has none of its own.
    private static func write(_ record: CollectionRecord, _ usual: ThumbnailRule, to out: inout JSONWriter) {
        out.field("name", record.definition.name.text)
        out.field("object", "collection")
        out.field("model", record.definition.model.text)
        out.field("digest", record.definition.checkpoint.description)
        out.key("spaces")
        out.array { list in
            for space in record.definition.spaces {
                list.object {
                    $0.field("name", space.name.text)
                    $0.field("dimensions", space.dimensions)
                }
            }
        }
        out.field("element", record.definition.element == .float32 ? "float32" : "float16")
        out.field("preprocessing", record.definition.preprocessing)
        out.key("thumbnails")
        if let side = (record.thumbnails ?? usual).pixels { out.number(side) } else { out.string("none") }
        out.field("items", record.items)
        out.field("bytes", record.bytes)
        out.field("created", Int(record.created))
        out.field("updated", Int(record.updated))
    }
}
