// SPDX-License-Identifier: Apache-2.0

extension CatalogError: CustomStringConvertible {
    /// One or two sentences: what is wrong, and what to do about it.
    package var description: String {
        switch self {
        case .invalidCollectionName:
            "A collection's name is 1 to 64 characters out of a-z A-Z 0-9 _ - . and begins with a letter or digit."
        case .invalidItemID:
            "An item's id is not empty, has no control characters and is within the limit on its bytes."
        case .invalidMetadata(let fault): "The metadata is not usable: \(fault)."
        case .invalidFilter(let fault): "The filter is not usable: \(fault)."
        case .invalidCursor: "The cursor is not one of this collection's list. Start again without a cursor."
        case .wrongVectorLength(let expected, let found):
            "The vector has \(found) components and the collection's spaces have \(expected) together."
        case .vectorNotFinite: "The vector has a component that is not a number within the collection's element type."
        case .invalidSpaces: "A collection has at least one space, each once, within the limit on components."
        case .tooLarge(let what, let limit, let found): "The \(what) is \(found) and may be at most \(limit)."
        default: storeDescription
        }
    }

    private var storeDescription: String {
        switch self {
        case .noSuchCollection: "There is no such collection. Create it first."
        case .noSuchItem: "The collection has no such item."
        case .nameTaken: "Another collection has that name. Delete it first, or ask to replace it."
        case .checkpointConflict(let bound, let asked):
            """
            The collection holds vectors of the checkpoint \(bound), not of \(asked). Use that checkpoint, reindex the \
            collection, or make another one.
            """
        case .preprocessingConflict(let bound, let asked):
            """
            The collection holds vectors of images prepared as '\(bound)', not as '\(asked)'. Use a model folder with those \
            settings and a program of that version, reindex the collection, or make another one.
            """
        case .definitionConflict:
            "The collection exists with another model name, other spaces or another element type. Use another name."
        case .diskFull:
            "The disk or the size limit of the catalog is full; nothing of the write remains. Free space and try again."
        case .queueFull: "Too many writes wait for the disk. Try again in a moment."
        case .closed: "The catalog was closed."
        case .unavailable(let trouble): "\(trouble) Try again in a moment."
        case .serverRefused(let operation, let state):
            "The catalog's database server refused a statement of this program (SQLSTATE \(state), \(operation)). See its log."
        case .unusableServer(let reason): reason
        default: fileDescription
        }
    }

    private var fileDescription: String {
        switch self {
        case .readOnly(let path): "\(path) or its folder cannot be written. Give this user write permission on both."
        case .inUse(let path): "Another process has \(path) open for writing. Stop it, or use another file."
        case .locked: "Another program kept the catalog's file locked for too long. Close it there and try again."
        case .cannotOpen(let path, let code):
            "\(path) cannot be opened or made (code \(code)). See that its folder exists and that its name is right."
        case .foreignFile(let application):
            """
            The file is not a catalog (application id \(application)). Name another file; a catalog that reads so has lost \
            its first page, restore a backup of it.
            """
        case .newerFile(let version, let supported):
            "A later release wrote this catalog (format \(version), this one reads up to \(supported)). Use that release."
        case .damaged(let place):
            """
            The catalog's file is damaged (\(place)). Run "facet catalog verify" to see what is lost, and restore a backup, \
            or fill a new file with the items.
            """
        case .destinationExists(let path): "\(path) exists already. Name a file that does not."
        case .inputOutput(let code):
            "The disk failed to read or write the catalog (SQLite code \(code)). See the system's log for the disk."
        case .statementFailed(let operation, let code):
            "SQLite refused a statement of this program (code \(code), \(operation)). Please report this."
        default: code
        }
    }
}

extension JSONFault: CustomStringConvertible {
    /// What is wrong, as part of a sentence.
    package var description: String {
        switch self {
        case .malformed(let offset): "it is not JSON in UTF-8 at byte \(offset)"
        case .duplicateKey(let offset): "the object at byte \(offset) has a key twice"
        case .tooDeep(let limit): "it nests deeper than \(limit)"
        case .tooLarge(let limit, let found): "it has \(found) bytes and may have \(limit)"
        case .numberOutOfRange(let offset): "the number at byte \(offset) is too large"
        case .notAnObject: "it is not a JSON object"
        }
    }
}

extension FilterFault: CustomStringConvertible {
    /// What is wrong, as part of a sentence.
    package var description: String {
        switch self {
        case .json(let fault): "\(fault)"
        case .unknownOperator: "it has an operator that does not exist, or not in that place"
        case .badOperand: "an operator has a value of the wrong type"
        case .badPath: "it asks for a path with an empty key, a quote or a control character"
        case .tooManyConditions(let limit): "it has more than \(limit) conditions"
        }
    }
}
