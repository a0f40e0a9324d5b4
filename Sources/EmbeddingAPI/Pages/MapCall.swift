// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Vectors

/// A request to `GET .../map`.
struct MapCall: Sendable, Hashable {
    /// How the plane is found.
    enum Method: String, Sendable, CaseIterable {
        /// Neighbours stay neighbours.
        case neighbours
        /// The plane of most variance.
        case principal
    }

    /// Whose vectors are laid out; nil for all of the collection's, side by side.
    private(set) var space: SpaceName?
    private(set) var method = Method.neighbours
    /// Items at most; of more a sample is shown.
    private(set) var limit = 5_000

    static let mostItems = 10_000

    init(_ query: [(name: String, value: String)]) throws(APIError) {
        for (name, value) in query {
            switch name {
            case "space":
                guard let space = SpaceName(value) else {
                    throw APIError(.unknownSpace, "There is no space of that name.", param: "space")
                }
                self.space = space
            case "method":
                guard let method = Method(rawValue: value) else {
                    throw APIError(.invalidRequest, "method is 'neighbours' or 'principal'.", param: "method")
                }
                self.method = method
            case "limit":
                guard let limit = Int(value), (1...Self.mostItems).contains(limit) else {
                    throw APIError(.invalidRequest, "limit must be 1 to \(Self.mostItems).", param: "limit")
                }
                self.limit = limit
            default:
                throw APIError(
                    .unknownParameter,
                    "There is no query parameter of that name; known: space, method, limit.",
                    param: "query")
            }
        }
    }
}
