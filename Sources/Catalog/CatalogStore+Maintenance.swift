// SPDX-License-Identifier: Apache-2.0

private import Foundation
internal import Vectors

/// What a look at the whole file found.
package struct CatalogReport: Sendable, Equatable {
    /// One sentence for each problem, at most 100 of SQLite's and one for each damaged row after; empty when sound.
    package var problems: [String] = []
    /// Collections that could be read.
    package var collections = 0
    /// Their items.
    package var items = 0
    /// Images in the embedding cache.
    package var cachedEmbeddings = 0

    package init() {}

    /// Whether nothing is wrong.
    package var isSound: Bool { problems.isEmpty }
}

/// How large the file is, in bytes.
package struct CatalogSize: Sendable, Equatable {
    package let file: Int
    /// Of these, free pages that a later write or vacuum takes.
    package let free: Int
}

extension CatalogStore {
    /// Reads everything: SQLite's own checks, every row's check, the counts; other calls go on meanwhile.
    package func verify() throws(CatalogError) -> CatalogReport {
        try readers.readAlone { (connection) throws(CatalogError) in try Verification.run(on: connection) }
    }

    /// Verifies a file that may not open: what refuses it is thrown, anything else is in the report.
    package static func verify(fileAt path: String) throws(CatalogError) -> CatalogReport {
        guard FileManager.default.fileExists(atPath: path) else { throw .cannotOpen(path: path, code: Int(ENOENT)) }
        let connection = try Connection(path, mode: .reader)
        try DatabaseFile.inspect(connection)
        return try connection.reading { () throws(CatalogError) in try Verification.run(on: connection) }
    }

    /// Runs `body` on one state of a file that another process may have open for writing.
    ///
    /// Throws as opening does where the file is no catalog; never makes one, and changes nothing.
    package static func read<Value>(
        fileAt path: String, _ body: (CatalogSnapshot) throws(CatalogError) -> Value
    ) throws(CatalogError) -> Value {
        try reading(path) { (connection) throws(CatalogError) in
            let collections = try CollectionRows.all(on: connection)
            return try body(CatalogSnapshot(commit: 0, collections: collections, connection: connection))
        }
    }

    /// Copies a file that another process may have open for writing; see ``backup(to:progress:)``.
    ///
    /// `goesOn` is called with the part done, 0 to 1; where it returns false, so does this, and nothing is at the
    /// destination.
    package static func backup(
        fileAt path: String, to destination: String, goesOn: (Double) -> Bool
    ) throws(CatalogError) -> Bool {
        try reading(path) { (connection) throws(CatalogError) in
            try Backup.run(connection, to: destination, goesOn: goesOn)
        }
    }

    private static func reading<Value>(
        _ path: String, _ body: (Connection) throws(CatalogError) -> Value
    ) throws(CatalogError) -> Value {
        guard FileManager.default.fileExists(atPath: path) else { throw .cannotOpen(path: path, code: Int(ENOENT)) }
        let connection = try Connection(path, mode: .reader)
        guard try !DatabaseFile.inspect(connection) else { throw .foreignFile(applicationID: 0) }
        return try connection.reading { () throws(CatalogError) in try body(connection) }
    }

    /// Copies the catalog as it stands into a new file, while other calls go on; the copy is on disk at return.
    ///
    /// `progress` is called with the part done, 0 to 1. Throws `destinationExists`, `diskFull`, `readOnly`, and leaves
    /// nothing at the destination then.
    package func backup(
        to destination: String, progress: @Sendable (Double) -> Void = { _ in }
    ) throws(CatalogError) {
        try readers.readAlone { (connection) throws(CatalogError) in
            _ = try Backup.run(connection, to: destination) { part in
                progress(part)
                return true
            }
        }
    }

    /// Rewrites the file without free pages and in order; writes wait meanwhile, reads go on.
    ///
    /// Needs free disk of up to the file's size twice: once where SQLite keeps temporary files, once beside the file.
    /// Throws `diskFull`, and the file is as it was then.
    package func compact() throws(CatalogError) {
        try writer.exclusively { (connection) throws(CatalogError) in
            try connection.execute("VACUUM")
            try connection.run("PRAGMA wal_checkpoint(TRUNCATE)")
        }
    }

    /// Moves the log into the file, as far as reads under way allow.
    package func checkpoint() throws(CatalogError) {
        try writer.exclusively { (connection) throws(CatalogError) in
            try connection.run("PRAGMA wal_checkpoint(PASSIVE)")
        }
    }

    /// The file's size by its pages; the log beside it is not counted.
    package func size() throws(CatalogError) -> CatalogSize {
        try readers.read { (connection) throws(CatalogError) in
            let page = try connection.number("page_size")
            return CatalogSize(
                file: try connection.number("page_count") * page,
                free: try connection.number("freelist_count") * page)
        }
    }
}
