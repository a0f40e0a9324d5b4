// SPDX-License-Identifier: Apache-2.0

internal import Access
internal import HTTPServer
internal import Telemetry

extension FacetAPI {
    /// What it takes to use an endpoint where keys are in use; nil where anybody may.
    ///
    /// Health stays open for probes, and so do the contract and the pages, which hold nobody's data.
    static func role(for endpoint: Endpoint) -> Role? {
        switch endpoint {
        case .live, .ready, .contract, .page, .inferenceLive, .inferenceReady: nil
        case .embeddings, .info, .models, .model, .metrics, .collections, .collection, .items, .item, .itemImage,
            .itemThumbnail,
            .search,
            .advise, .map, .sample, .inferenceServer, .inferenceModel, .inferenceModelReady, .infer:
            .read
        case .newItems, .newItem, .noItem: .write
        case .newCollection, .noCollection, .loadSample, .loadModel, .unloadModel: .admin
        }
    }

    /// Why a request may not go on; nil when it may, or when no keys are in use.
    func accessRefusal(_ endpoint: Endpoint, _ captures: [String: String], _ head: HTTPRequestHead) -> APIError? {
        guard let access = configuration.access, let role = Self.role(for: endpoint) else { return nil }
        let verdict = access.judge(Self.presentedKey(head), needs: role, collection: captures["collection"])
        guard case .denied(let denial) = verdict else { return nil }
        return APIError(denial)
    }

    /// Whether the key of a request covers a collection.
    func mayTouch(_ collection: String, _ head: HTTPRequestHead) -> Bool {
        guard let access = configuration.access else { return true }
        return access.identify(Self.presentedKey(head))?.covers(collection) ?? false
    }

    /// The key a request carries: `Authorization: Bearer KEY` as OpenAI's clients send it, else `X-API-Key: KEY`.
    ///
    /// Two of one kind are none: a proxy and the server must not take different ones.
    private static func presentedKey(_ head: HTTPRequestHead) -> String? {
        let bearers = head.headers.all("authorization")
        if let value = bearers.first {
            let scheme = "bearer "
            guard bearers.count == 1, value.utf8.count > scheme.utf8.count,
                value.prefix(scheme.count).lowercased() == scheme
            else { return "" }
            return String(value.dropFirst(scheme.count).drop { $0 == " " })
        }
        let keys = head.headers.all("x-api-key")
        return keys.count > 1 ? "" : keys.first
    }
}

extension APIError {
    init(_ denial: AccessControl.Denial) {
        switch denial {
        case .missing:
            self.init(.keyMissing, "This service asks for a key: send 'Authorization: Bearer KEY' or 'X-API-Key: KEY'.")
        case .unknown: self.init(.keyUnknown, "This key is not known here.")
        case .role(let needed):
            self.init(.keyForbidden, "This key may not do that; it takes one with the role '\(needed.rawValue)'.")
        case .collection: self.init(.keyForbidden, "This key does not cover this collection.")
        case .tooMany(let wait):
            self.init(
                .rateLimited, "This key has used up its requests for now.",
                retryAfter: max(1, Int(wait.seconds.rounded(.up))))
        }
    }
}
