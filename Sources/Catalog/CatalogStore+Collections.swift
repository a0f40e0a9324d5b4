// SPDX-License-Identifier: Apache-2.0

internal import Vectors

extension CatalogStore {
    /// Makes a collection, or finds the one that was made the same way; `isNew` says which.
    ///
    /// `thumbnails`, where given, becomes the collection's rule, also of one that was there. Throws `checkpointConflict`
    /// with both digests when it holds another checkpoint's vectors, `preprocessingConflict` when its images were prepared
    /// in another way, `definitionConflict` when anything else differs, `invalidSpaces`, and errors of the store.
    package func create(
        _ definition: CollectionDefinition, thumbnails: ThumbnailRule? = nil
    ) throws(CatalogError) -> (record: CollectionRecord, isNew: Bool) {
        try definition.validate(limits)
        let made = try writer.perform(bytes: 1_000) { (scope) throws(CatalogError) -> MadeCollection in
            if let known = try CollectionRows.find(definition.name, on: scope.connection) {
                try known.definition.requireMatch(definition)
                var record = known
                if let thumbnails, thumbnails != known.thumbnails {
                    record.thumbnails = thumbnails
                    try CollectionRows.update(record, on: scope.connection)
                }
                return MadeCollection(record: record, isNew: false)
            }
            let record = try CollectionRows.insert(
                definition, thumbnails: thumbnails, now: scope.now, on: scope.connection)
            scope.report(.collectionCreated(record))
            return MadeCollection(record: record, isNew: true)
        }
        return (made.record, made.isNew)
    }

    private struct MadeCollection: Sendable {
        let record: CollectionRecord
        let isNew: Bool
    }

    /// The collection with its counts; throws `noSuchCollection`.
    package func collection(_ name: CollectionName) throws(CatalogError) -> CollectionRecord {
        try readers.read { (connection) throws(CatalogError) in try Self.find(name, on: connection) }
    }

    /// Every collection, by name.
    package func collections() throws(CatalogError) -> [CollectionRecord] {
        try readers.read { (connection) throws(CatalogError) in try CollectionRows.all(on: connection) }
    }

    /// Deletes a collection with all its items; throws `noSuchCollection`.
    ///
    /// It is gone when the call returns; its rows are purged a slice at a time behind other writes.
    package func deleteCollection(_ name: CollectionName) throws(CatalogError) {
        try writer.perform(bytes: 1_000) { (scope) throws(CatalogError) in
            let record = try Self.find(name, on: scope.connection)
            try CollectionRows.abandon(key: record.key, on: scope.connection)
            scope.report(.collectionDeleted(key: record.key))
        }
        writer.purgeLater()
    }

    /// Purges what deleted collections left and gives their pages back now, instead of behind other writes.
    ///
    /// `goesOn` is told the items purged so far; where it returns false the rest is left to the background, or to the next
    /// time the store is opened. Other writes go on in between.
    package func finishDeletions(goesOn: (_ items: Int) -> Bool = { _ in true }) throws(CatalogError) {
        var items = 0
        while goesOn(items) {
            let purged = try writer.perform(bytes: 0) { (scope) throws(CatalogError) in try Writer.purge(scope) }
            guard let purged else { break }
            items += purged
        }
        while goesOn(items),
            try writer.exclusively({ (connection) throws(CatalogError) in
                try Writer.giveBackSlice(connection)
            })
        {}
    }

    /// Gives a collection another name, with `replacing` in place of the one that has it, in one step for all readers.
    ///
    /// So vectors of a new checkpoint can be gathered beside the old ones and take over at once. Throws
    /// `noSuchCollection`, and `nameTaken` where another collection has the name and may not be replaced.
    @discardableResult
    package func rename(
        _ name: CollectionName, to new: CollectionName, replacing: Bool = false
    ) throws(CatalogError) -> CollectionRecord {
        let record = try writer.perform(bytes: 1_000) { (scope) throws(CatalogError) -> CollectionRecord in
            let record = try Self.find(name, on: scope.connection)
            guard new != name else { return record }
            if let known = try CollectionRows.find(new, on: scope.connection) {
                guard replacing else { throw .nameTaken }
                try CollectionRows.abandon(key: known.key, on: scope.connection)
                scope.report(.collectionDeleted(key: known.key))
            }
            let renamed = try CollectionRows.rename(record, to: new, on: scope.connection)
            scope.report(.collectionRenamed(renamed))
            return renamed
        }
        writer.purgeLater()
        return record
    }

    static func find(_ name: CollectionName, on connection: Connection) throws(CatalogError) -> CollectionRecord {
        guard let record = try CollectionRows.find(name, on: connection) else { throw .noSuchCollection }
        return record
    }
}
