// SPDX-License-Identifier: Apache-2.0

package import Vectors

/// Why the catalog refused a call or could not carry it out; no case holds anything of a payload.
package enum CatalogError: Error, Hashable, Sendable {
    // What the caller sent
    /// A collection's name is not 1 to 64 characters out of `a-z A-Z 0-9 _ - .`, beginning with a letter or digit.
    case invalidCollectionName
    /// An item's id is empty, longer than the limit, or holds a control character.
    case invalidItemID
    /// Metadata is not a JSON object within the limits.
    case invalidMetadata(JSONFault)
    /// A filter is not one of the forms that ``Filter`` reads.
    case invalidFilter(FilterFault)
    /// A list's cursor was not made by this collection's list.
    case invalidCursor
    /// A vector has another number of components than the collection's spaces together.
    case wrongVectorLength(expected: Int, found: Int)
    /// A vector has a component that is not finite, or not within the range of the collection's element type.
    case vectorNotFinite
    /// A collection was asked for without spaces, with a space twice, or with more components than allowed.
    case invalidSpaces
    /// Something is larger than its limit; `what` is a fixed word, sizes in bytes or pieces.
    case tooLarge(what: String, limit: Int, found: Int)

    // What is and is not there
    /// There is no collection of that name.
    case noSuchCollection
    /// The collection has no item of that id.
    case noSuchItem
    /// Another collection has the name already.
    case nameTaken
    /// The collection holds vectors of another checkpoint.
    case checkpointConflict(bound: ContentDigest, asked: ContentDigest)
    /// The collection holds vectors of images that were prepared in another way.
    case preprocessingConflict(bound: String, asked: String)
    /// The collection exists with the same checkpoint but other spaces, another model name or element type.
    case definitionConflict

    // The store
    /// The disk, or the size limit of the catalog, is exhausted; nothing of the write remains.
    case diskFull
    /// The file or its folder cannot be written.
    case readOnly(path: String)
    /// Another process has this catalog open for writing.
    case inUse(path: String)
    /// Another process kept the file locked for longer than the busy timeout.
    case locked
    /// The file could not be opened or made; `code` is SQLite's extended result code or an errno.
    case cannotOpen(path: String, code: Int)
    /// The file is not an SQLite database, or belongs to another program (its application id).
    case foreignFile(applicationID: Int)
    /// A later version of this program wrote the file.
    case newerFile(version: Int, supported: Int)
    /// What the file holds contradicts itself; `place` is a fixed word. Restore a backup, or see what `verify` names.
    case damaged(place: String)
    /// A backup's destination exists already, or is the catalog itself.
    case destinationExists(path: String)
    /// Reading or writing failed below SQLite; `code` is its extended result code.
    case inputOutput(code: Int)
    /// SQLite refused a statement of ours; `code` is its extended result code.
    case statementFailed(operation: String, code: Int)
    /// More writes wait than the limits allow; the write was not taken.
    case queueFull
    /// The catalog was closed.
    case closed
    /// The store cannot be used at this moment; the same call will do later.
    case unavailable(StoreTrouble)
    /// A database server refused a statement of ours; `state` is its SQLSTATE.
    case serverRefused(operation: String, state: String)
    /// A database server that cannot be a catalog: `reason` is a fixed sentence.
    case unusableServer(reason: String)

    /// A stable word for logs, metrics and answers.
    package var code: String {
        switch self {
        case .invalidCollectionName: "invalid_collection_name"
        case .invalidItemID: "invalid_item_id"
        case .invalidMetadata: "invalid_metadata"
        case .invalidFilter: "invalid_filter"
        case .invalidCursor: "invalid_cursor"
        case .wrongVectorLength: "wrong_vector_length"
        case .vectorNotFinite: "vector_not_finite"
        case .invalidSpaces: "invalid_spaces"
        case .tooLarge: "too_large"
        case .noSuchCollection: "collection_not_found"
        case .noSuchItem: "item_not_found"
        case .nameTaken: "collection_name_taken"
        case .checkpointConflict: "checkpoint_conflict"
        case .preprocessingConflict: "preprocessing_conflict"
        case .definitionConflict: "collection_conflict"
        case .diskFull: "disk_full"
        case .readOnly: "catalog_read_only"
        case .inUse: "catalog_in_use"
        case .locked: "catalog_locked"
        case .cannotOpen: "catalog_cannot_open"
        case .foreignFile: "catalog_foreign_file"
        case .newerFile: "catalog_newer_file"
        case .damaged: "catalog_damaged"
        case .destinationExists: "destination_exists"
        case .inputOutput: "catalog_io_failed"
        case .statementFailed: "catalog_failed"
        case .queueFull: "catalog_queue_full"
        case .closed: "catalog_closed"
        case .unavailable(let trouble): "catalog_\(trouble.rawValue)"
        case .serverRefused: "catalog_failed"
        case .unusableServer: "catalog_unusable"
        }
    }

    /// Whether the write as a whole failed in the store, so that one transaction's other writes failed with it.
    var isOfTheStore: Bool {
        switch self {
        case .diskFull, .readOnly, .locked, .damaged, .inputOutput, .statementFailed, .closed: true
        default: false
        }
    }

    /// Whether a transaction may have failed because of what one of its writes met, so that the others may succeed.
    var mayBeOfOneWrite: Bool {
        switch self {
        case .damaged, .statementFailed: true
        default: false
        }
    }
}
