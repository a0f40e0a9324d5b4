// SPDX-License-Identifier: Apache-2.0

internal import Vectors
internal import Collections
internal import Catalog
internal import HTTPServer

extension FacetAPI {
    /// `POST .../items`: many items as JSON lines, `{"id", "image": base64, "metadata"}` each.
    ///
    /// Good lines are kept whatever happens to the others; the answer has an entry a line, when all are on disk.
    func putItems(
        _ name: String, _ request: HTTPRequest, _ reply: @escaping @Sendable (HTTPResponse) -> Void
    ) throws(APIError) {
        let service = try requireCollections()
        let record = try collection(name)
        let lines = try BatchLine.read(
            request.body, most: configuration.limits.images, limits: service.store.limits)
        let good = lines.compactMap { try? $0.get() }
        guard !good.isEmpty else { return reply(answer(lines.map { $0.map { _ in nil } })) }
        try embedItems(good.map(\.image), record, request.cancellation) { [self] outcomes in
            let drafts = zip(good, outcomes).map { line, outcome in
                outcome.map { ItemDraft(id: line.id, digest: $0.digest, metadata: line.metadata, vector: $0.vector) }
            }
            service.store.submitUpsert(drafts.compactMap { try? $0.get() }, into: record.definition.name) { result in
                reply(self.join(lines, drafts, result))
            }
        }
    }

    /// Puts what became of the lines into their order.
    private func join(
        _ lines: [Result<BatchLine, APIError>], _ drafts: [Result<ItemDraft, APIError>],
        _ result: Result<CatalogStore.BatchResults, CatalogError>
    ) -> HTTPResponse {
        let receipts: CatalogStore.BatchResults
        switch result {
        case .failure(let error): return response(APIError(error))
        case .success(let list): receipts = list
        }
        var (written, embedded) = (receipts.makeIterator(), drafts.makeIterator())
        let outcomes = lines.map { line -> Result<WrittenLine?, APIError> in
            guard case .success(let line) = line else { return line.map { _ in nil } }
            guard let draft = embedded.next() else { preconditionFailure("fewer drafts than lines") }
            guard case .success(let item) = draft else { return draft.map { _ in nil } }
            guard let receipt = written.next() else { preconditionFailure("fewer receipts than drafts") }
            return receipt.mapError { APIError($0) }.map {
                WrittenLine(id: line.id.text, digest: item.digest.description, isNew: $0.isNew)
            }
        }
        return answer(outcomes)
    }

    private struct WrittenLine {
        let id: String
        let digest: String
        let isNew: Bool
    }

    private func answer(_ outcomes: [Result<WrittenLine?, APIError>]) -> HTTPResponse {
        json { out in
            out.object { list in
                list.field("object", "list")
                list.key("data")
                list.array { data in
                    for (index, outcome) in outcomes.enumerated() {
                        data.object { entry in
                            entry.field("index", index)
                            switch outcome {
                            case .failure(let error): entry.writeBody(of: error)
                            case .success(nil): break
                            case .success(let line?):
                                entry.field("id", line.id)
                                entry.field("digest", line.digest)
                                entry.field("new", line.isNew)
                            }
                        }
                    }
                }
            }
        }
    }
}

/// One line of a batch.
struct BatchLine: Sendable {
    let id: ItemID
    let image: [UInt8]
    let metadata: Metadata

    /// Every line that is not empty, in order; a bad one is told apart.
    static func read(
        _ body: [UInt8], most: Int, limits: CatalogLimits
    ) throws(APIError) -> [Result<BatchLine, APIError>] {
        let lines = body.split(separator: 0x0A, omittingEmptySubsequences: true).filter { line in
            line.contains { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }
        }
        guard !lines.isEmpty else { throw APIError(.missingInput, "There is no line in the body.") }
        guard lines.count <= most else {
            throw APIError(.tooManyImages, "The batch has \(lines.count) lines; the limit is \(most). Split it.")
        }
        return lines.map { line in
            do throws(APIError) {
                return .success(try BatchLine(Array(line), limits))
            } catch {
                return .failure(error)
            }
        }
    }

    private init(_ line: [UInt8], _ limits: CatalogLimits) throws(APIError) {
        let fields = try JSONFields(line, known: ["id", "image", "metadata"])
        guard let id = try fields.string("id"), let text = try fields.string("image") else {
            throw APIError(.missingInput, "A line needs 'id' and 'image'.")
        }
        do throws(CatalogError) {
            self.id = try ItemID(id, limits: limits)
            metadata =
                try fields["metadata"].map { (value) throws(CatalogError) in try Metadata(value, limits: limits) }
                ?? .empty
        } catch {
            throw APIError(error)
        }
        do throws(DataURIError) {
            image = try Array(text.utf8).withUnsafeBufferPointer { (bytes) throws(DataURIError) in
                try DataURI.imageBytes(bytes)
            }
        } catch {
            throw APIError(.invalidBase64, error.description, param: "image")
        }
    }
}
