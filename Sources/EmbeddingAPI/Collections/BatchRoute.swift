// SPDX-License-Identifier: Apache-2.0

internal import Vectors
internal import Collections
internal import Catalog
internal import HTTPServer

extension FacetAPI {
    /// `POST .../items`: many items, as JSON lines or as the parts of a form.
    ///
    /// Good ones are kept whatever happens to the others; the answer has an entry for each, when all are on disk.
    func putItems(
        _ name: String, _ request: HTTPRequest, _ reply: @escaping @Sendable (HTTPResponse) -> Void
    ) throws(APIError) {
        let service = try requireCollections()
        let record = try collection(name)
        let keeps = try ItemUpload.keeps(request.head)
        let lines = try BatchItem.read(request, most: configuration.limits.images, limits: service.store.limits)
        let good = lines.compactMap { try? $0.get() }
        guard !good.isEmpty else { return reply(answer(lines.map { $0.map { _ in nil } })) }
        try embedItems(
            good.map { ItemImage(id: $0.id, bytes: $0.image) }, record, thumbnailSide: thumbnailSide(of: record),
            request.cancellation
        ) { [self] outcomes in
            let drafts = zip(good, outcomes).map { line, outcome in
                outcome.map {
                    ItemDraft(
                        id: line.id, digest: $0.digest, metadata: line.metadata, vector: $0.vector,
                        thumbnail: $0.thumbnail, original: keeps ? line.image : nil)
                }
            }
            service.store.submitUpsert(drafts.compactMap { try? $0.get() }, into: record.definition.name) { result in
                reply(self.join(lines, drafts, result))
            }
        }
    }

    /// Puts what became of the lines into their order.
    private func join(
        _ lines: [Result<BatchItem, APIError>], _ drafts: [Result<ItemDraft, APIError>],
        _ result: Result<BatchResults, CatalogError>
    ) -> HTTPResponse {
        let receipts: BatchResults
        switch result {
        case .failure(let error): return response(APIError(error))
        case .success(let list): receipts = list
        }
        var (written, embedded) = (receipts.makeIterator(), drafts.makeIterator())
        let outcomes = lines.map { line -> Result<WrittenItem?, APIError> in
            guard case .success(let line) = line else { return line.map { _ in nil } }
            guard let draft = embedded.next() else { preconditionFailure("fewer drafts than lines") }
            guard case .success(let item) = draft else { return draft.map { _ in nil } }
            guard let receipt = written.next() else { preconditionFailure("fewer receipts than drafts") }
            return receipt.mapError { APIError($0) }.map {
                WrittenItem(id: line.id.text, digest: item.digest.description, isNew: $0.isNew)
            }
        }
        return answer(outcomes)
    }

    private struct WrittenItem {
        let id: String
        let digest: String
        let isNew: Bool
    }

    private func answer(_ outcomes: [Result<WrittenItem?, APIError>]) -> HTTPResponse {
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
