// SPDX-License-Identifier: Apache-2.0

internal import EmbeddingPipeline
internal import HTTPServer
internal import ModelFolders
internal import Vectors

/// The outcomes of a call, joined with the inputs that never became images, and written in the form asked for.
struct EmbeddingsAnswer {
    private let call: EmbeddingsCall
    private let items: [Result<CachedEmbedding, APIError>]

    /// `outcomes` are those of the inputs that are images, in order.
    init(_ call: EmbeddingsCall, outcomes: FacetAPI.CachedOutcomes) {
        self.call = call
        var rest = outcomes.makeIterator()
        var items: [Result<CachedEmbedding, APIError>] = []
        for (index, input) in call.inputs.enumerated() {
            switch input {
            case .failure(let error): items.append(.failure(error))
            case .success:
                guard let outcome = rest.next() else { preconditionFailure("fewer outcomes than images") }
                items.append(outcome.mapError { APIError($0, place: call.place(of: index)) })
            }
        }
        self.items = items
    }

    /// 200 with every item that succeeded and an error in place of each that did not.
    ///
    /// A request of one image is answered with that image's error. The binary forms have no room for errors, so there the
    /// first one is the answer.
    func response() throws(APIError) -> HTTPResponse {
        if items.count == 1, case .failure(let error) = items[0] { throw error }
        switch call.format {
        case .json(let base64): return HTTPResponse(status: 200, contentType: "application/json", body: json(base64))
        case .bytes: return try binary("application/octet-stream", header: [])
        case .npy: return try binary("application/x-npy", header: NPY.header(rows: items.count, columns: dimensions))
        }
    }

    private var dimensions: Int { call.spaces.reduce(0) { $0 + $1.dimensions } }

    // MARK: JSON

    private func json(_ base64: Bool) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { out in
            out.field("object", "list")
            out.field("model", call.model.id.text)
            out.key("data")
            out.array { list in
                for (index, item) in items.enumerated() { write(item, index, base64, to: &list) }
            }
            out.key("usage")
            out.object {
                $0.field("prompt_tokens", 0)
                $0.field("total_tokens", 0)
            }
        }
        return writer.bytes
    }

    private func write(
        _ item: Result<CachedEmbedding, APIError>, _ index: Int, _ base64: Bool, to list: inout JSONWriter
    ) {
        list.object { out in
            out.field("object", "embedding")
            out.field("index", index)
            switch item {
            case .failure(let error): out.writeBody(of: error)
            case .success(let cached):
                let image = cached.image
                out.key("embedding")
                out.vector(image.embeddings[0].values, base64: base64)
                out.key("embeddings")
                out.object { spaces in
                    for embedding in image.embeddings {
                        spaces.key(embedding.space.text)
                        spaces.vector(embedding.values, base64: base64)
                    }
                }
                out.field("digest", image.digest.description)
                out.field("cached", cached.isCached)
            }
        }
    }

    // MARK: Binary

    private func binary(_ type: String, header: [UInt8]) throws(APIError) -> HTTPResponse {
        var body = header
        body.reserveCapacity(header.count + items.count * dimensions * 4)
        for item in items {
            for embedding in try item.get().image.embeddings { NPY.append(embedding.values, to: &body) }
        }
        let spaces = call.spaces.map { "\($0.name):\($0.dimensions)" }.joined(separator: ",")
        var response = HTTPResponse(status: 200, contentType: type, body: body)
        response.headers.set("X-Facet-Spaces", spaces)
        response.headers.set("X-Facet-Model-Digest", call.model.digest.description)
        return response
    }
}

extension JSONWriter {
    /// `{"error":{...}}`.
    mutating func write(_ error: APIError) {
        object { $0.writeBody(of: error) }
    }

    /// The `error` field of an object that is open.
    mutating func writeBody(of error: APIError) {
        key("error")
        object {
            $0.field("message", error.message)
            $0.field("type", error.type)
            $0.field("param", error.param)
            $0.field("code", error.code.rawValue)
        }
    }

    /// A vector as numbers, or as base64 of little-endian float32.
    package mutating func vector(_ values: [Float], base64: Bool) {
        if base64 {
            self.base64(values)
        } else {
            vector(values)
        }
    }
}
