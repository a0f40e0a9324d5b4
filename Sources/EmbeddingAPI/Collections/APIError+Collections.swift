// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Collections
internal import VectorSearch

// What goes wrong in the catalog, as a caller sees it; `facet catalog reindex` and the like are named where they help.

extension APIError {
    /// A call that the catalog refused.
    init(_ error: CatalogError) {
        self.init(Self.code(of: error), error.description, param: Self.param(of: error))
        if code == .catalogQueueFull || code == .catalogUnavailable { retryAfter = 1 }
    }

    /// A question about a collection that has no answer.
    init(_ error: CollectionsError) {
        switch error {
        case .catalog(let error): self.init(error)
        case .advice(let error): self.init(.nothingToCompare, "\(error).", param: "examples")
        case .search(let error): self.init(error)
        case .unknownSpace(let known):
            self.init(
                .unknownSpace, "The collection does not store that space. It stores: \(known.joined(separator: ", ")).",
                param: "weights")
        case .noVector(let space):
            self.init(.invalidWeights, "The space '\(space)' has a weight but no vector.", param: "weights")
        case .nothingToSearch:
            self.init(
                .nothingToSearch, "Say what to look for: id, image, vectors, or like and unlike.")
        case .noSuchExample(let place):
            self.init(.itemNotFound, "Item \(place) of those named, counted from 0, is not in the collection.")
        case .outOfRange(let name, let allowed):
            self.init(.invalidRequest, "\(name) must be \(allowed).", param: name)
        }
    }

    private init(_ error: VectorSearchError) {
        switch error {
        case .wrongLength(let expected, let found):
            self.init(
                .invalidVector, "A vector has \(found) numbers; its space has \(expected).", param: "vectors")
        case .notFinite: self.init(.invalidVector, "A vector has a number that is not finite.", param: "vectors")
        case .weightNotFinite: self.init(.invalidWeights, "A weight is not a finite number.", param: "weights")
        case .noWeight: self.init(.invalidWeights, "All weights are 0.", param: "weights")
        case .invalidLimits: self.init(.invalidRequest, "k, offset or min_score is out of range.")
        case .invalidLayout, .duplicateKey, .full, .unknownSegment:
            self.init(.catalogFailed, "The index in memory cannot take this. Restart the service and tell its owner.")
        }
    }

    private static func code(of error: CatalogError) -> Code {
        switch error {
        case .invalidCollectionName: .invalidCollectionName
        case .invalidItemID: .invalidItemID
        case .invalidMetadata: .invalidMetadata
        case .invalidFilter: .invalidFilter
        case .invalidCursor: .invalidCursor
        case .wrongVectorLength, .vectorNotFinite: .invalidVector
        case .invalidSpaces: .invalidSpaces
        case .tooLarge: .tooLarge
        case .noSuchCollection: .collectionNotFound
        case .noSuchItem: .itemNotFound
        case .checkpointConflict: .checkpointConflict
        case .preprocessingConflict: .checkpointConflict
        case .nameTaken, .definitionConflict: .collectionConflict
        case .diskFull: .diskFull
        case .queueFull: .catalogQueueFull
        case .closed, .locked, .unavailable: .catalogUnavailable
        case .readOnly, .inUse, .cannotOpen, .foreignFile, .newerFile, .damaged, .destinationExists, .inputOutput,
            .statementFailed, .serverRefused, .unusableServer:
            .catalogFailed
        }
    }

    private static func param(of error: CatalogError) -> String? {
        switch error {
        case .invalidMetadata: "metadata"
        case .invalidFilter: "filter"
        case .invalidCursor: "cursor"
        case .invalidSpaces: "spaces"
        default: nil
        }
    }

    /// The vectors of a collection and those of the loaded model do not belong together.
    static func changedModel(_ record: CollectionRecord, model: String) -> APIError {
        APIError(
            .checkpointConflict,
            "The collection holds vectors of another checkpoint of '\(model)' than the one that is loaded. Serve the old "
                + "checkpoint, or make a new collection and import the images again.", param: "model")
    }
}
