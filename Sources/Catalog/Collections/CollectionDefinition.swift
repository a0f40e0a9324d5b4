// SPDX-License-Identifier: Apache-2.0

package import Vectors

/// How a collection stores each component of a vector.
package enum VectorElement: Int, Sendable, Hashable, CaseIterable {
    case float32 = 0
    /// Half the size; 11 bits of precision, magnitudes to 65,504.
    case float16 = 1

    /// Bytes of one component.
    package var byteCount: Int { self == .float32 ? 4 : 2 }
}

/// One of a collection's spaces with the number of its components.
package struct CollectionSpace: Hashable, Sendable {
    package let name: SpaceName
    package let dimensions: Int

    package init(name: SpaceName, dimensions: Int) {
        self.name = name
        self.dimensions = dimensions
    }
}

/// What a collection is bound to for its whole life.
package struct CollectionDefinition: Hashable, Sendable {
    package let name: CollectionName
    package let model: ModelID
    /// The digest of the checkpoint whose vectors the collection holds.
    package let checkpoint: ContentDigest
    /// How images were prepared for that checkpoint: settings and version of the code; nil in collections made before
    /// this was kept, which are then not bound to it.
    package let preprocessing: String?
    /// In the order in which an item's vector concatenates them.
    package let spaces: [CollectionSpace]
    package let element: VectorElement

    package init(
        name: CollectionName, model: ModelID, checkpoint: ContentDigest, spaces: [CollectionSpace],
        element: VectorElement = .float32, preprocessing: String? = nil
    ) {
        self.name = name
        self.model = model
        self.checkpoint = checkpoint
        self.spaces = spaces
        self.element = element
        self.preprocessing = preprocessing
    }

    /// Components of one item's vector, over all spaces; saturates instead of overflowing.
    package var components: Int {
        spaces.reduce(0) { sum, space in
            let (next, overflow) = sum.addingReportingOverflow(space.dimensions)
            return overflow ? .max : next
        }
    }

    /// Bytes of ``preprocessing`` at most.
    private static let mostPreprocessing = 1_024

    /// Whether vectors prepared as `asked` says go with these; one that says nothing goes with any.
    package func isPrepared(as asked: String?) -> Bool {
        guard let preprocessing, let asked else { return true }
        return preprocessing.utf8.elementsEqual(asked.utf8)
    }

    /// The same with another name, and bound to `preprocessing`.
    package func with(name: CollectionName, preprocessing: String?) -> CollectionDefinition {
        CollectionDefinition(
            name: name, model: model, checkpoint: checkpoint, spaces: spaces, element: element,
            preprocessing: preprocessing)
    }

    /// Throws what ``CatalogStore/create(_:thumbnails:)`` does where `asked` is not this definition.
    package func requireMatch(_ asked: CollectionDefinition) throws(CatalogError) {
        guard asked.checkpoint == checkpoint else {
            throw .checkpointConflict(bound: checkpoint, asked: asked.checkpoint)
        }
        guard isPrepared(as: asked.preprocessing) else {
            throw .preprocessingConflict(bound: preprocessing ?? "", asked: asked.preprocessing ?? "")
        }
        guard asked.with(name: name, preprocessing: preprocessing) == self else { throw .definitionConflict }
    }

    /// Throws ``CatalogError/invalidSpaces`` unless there are spaces, each once, within the limit on components.
    package func validate(_ limits: CatalogLimits) throws(CatalogError) {
        guard !spaces.isEmpty, Set(spaces.map(\.name)).count == spaces.count,
            spaces.allSatisfy({ $0.dimensions > 0 }), components <= limits.vectorComponents
        else { throw .invalidSpaces }
        let bytes = preprocessing?.utf8.count ?? 0
        guard bytes <= Self.mostPreprocessing else {
            throw .tooLarge(what: "preprocessing", limit: Self.mostPreprocessing, found: bytes)
        }
    }

    /// The spaces as the file keeps them: `color:128,rotation:128`.
    package var spacesText: String {
        spaces.map { "\($0.name):\($0.dimensions)" }.joined(separator: ",")
    }

    /// Reads ``spacesText``; nil for anything else.
    package static func spaces(from text: String) -> [CollectionSpace]? {
        var found: [CollectionSpace] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: ":", omittingEmptySubsequences: false)
            guard halves.count == 2, let name = SpaceName(String(halves[0])), let dimensions = Int(halves[1]),
                dimensions > 0
            else { return nil }
            found.append(CollectionSpace(name: name, dimensions: dimensions))
        }
        return found
    }
}

/// A collection as it stands.
package struct CollectionRecord: Hashable, Sendable {
    /// The collection's number in this file, never used for another one; what changes and rows refer to.
    package let key: Int64
    package let definition: CollectionDefinition
    package let items: Int
    /// Bytes of its items: vectors, metadata, thumbnails and originals, without SQLite's own overhead.
    package let bytes: Int
    /// Milliseconds since 1970.
    package let created: Int64
    /// When an item was last written or deleted, in milliseconds since 1970.
    package let updated: Int64
    /// The thumbnails that this collection's items get; nil leaves it to whoever writes them.
    package var thumbnails: ThumbnailRule?

    package init(
        key: Int64, definition: CollectionDefinition, items: Int, bytes: Int, created: Int64, updated: Int64,
        thumbnails: ThumbnailRule? = nil
    ) {
        self.key = key
        self.definition = definition
        self.items = items
        self.bytes = bytes
        self.created = created
        self.updated = updated
        self.thumbnails = thumbnails
    }

    /// Bytes of one item's encoded vector; saturates instead of overflowing.
    package var vectorBytes: Int {
        let (bytes, overflow) = definition.components.multipliedReportingOverflow(by: definition.element.byteCount)
        return overflow ? .max : bytes
    }
}
