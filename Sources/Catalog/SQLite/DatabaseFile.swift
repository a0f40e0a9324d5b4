// SPDX-License-Identifier: Apache-2.0

private import Foundation

/// Opens a catalog's file for writing: makes it, migrates it, and refuses what is not a catalog of ours.
package enum DatabaseFile {
    /// Bytes of a page; 7 vectors of 512 float32 fill one to 88 %.
    private static let pageBytes = 16_384
    /// Bytes that the file grows by at a time.
    private static let stepBytes = 262_144

    /// The writing connection, at the newest schema version and with every setting made.
    package static func open(_ path: String, limits: CatalogLimits, busyMilliseconds: Int32) throws(CatalogError)
        -> Connection
    {
        let connection = try Connection(path, mode: .writer, busyMilliseconds: busyMilliseconds)
        let isNew = try inspect(connection)
        if isNew {
            try connection.execute("PRAGMA page_size = \(pageBytes); PRAGMA auto_vacuum = INCREMENTAL")
        }
        try configure(connection, limits: limits)
        try migrate(connection)
        try checkSchema(connection)
        return connection
    }

    static func checkFolder(of path: String) throws(CatalogError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw .cannotOpen(path: path, code: Int(ENOENT))
        }
        let target = FileManager.default.fileExists(atPath: path) ? path : folder
        guard access(folder, W_OK) == 0, access(target, W_OK) == 0 else { throw .readOnly(path: path) }
    }

    /// Whether the file is new; throws when it is another program's or a later version's.
    @discardableResult
    static func inspect(_ connection: Connection) throws(CatalogError) -> Bool {
        let application = try connection.number("application_id")
        let version = try connection.number("user_version")
        let tables = try connection.first("SELECT count(*) FROM sqlite_schema") { $0.integer(0) } ?? 0
        if application == 0, version == 0, tables == 0 { return true }
        guard application == Migration.applicationID else { throw .foreignFile(applicationID: application) }
        guard version <= Migration.newest else {
            throw .newerFile(version: version, supported: Migration.newest)
        }
        guard version >= 1 else { throw .damaged(place: "version") }
        connection.schemaVersion = version
        return false
    }

    private static func configure(_ connection: Connection, limits: CatalogLimits) throws(CatalogError) {
        let mode = try connection.first("PRAGMA journal_mode = WAL") { $0.text(0) }
        guard mode == "wal" else { throw .readOnly(path: connection.path) }
        try connection.execute(
            "PRAGMA synchronous = FULL; PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 67108864")
        connection.growBy(stepBytes)
        if let bytes = limits.fileBytes {
            let page = max(1, try connection.number("page_size"))
            try connection.execute("PRAGMA max_page_count = \(max(1, bytes / page))")
        }
    }

    /// Takes every step that the file lacks in one transaction: after a failure it is what it was.
    package static func migrate(_ connection: Connection, through steps: [Migration] = Migration.all)
        throws(CatalogError)
    {
        try connection.execute("BEGIN IMMEDIATE")
        do throws(CatalogError) {
            let version = try connection.number("user_version")
            for step in steps where step.version > version {
                try connection.execute(step.sql)
                try connection.execute("PRAGMA user_version = \(step.version)")
            }
            if version == 0 { try connection.execute("PRAGMA application_id = \(Migration.applicationID)") }
            try connection.execute("COMMIT")
            connection.schemaVersion = try connection.number("user_version")
        } catch {
            if connection.isInTransaction { try? connection.execute("ROLLBACK") }
            throw error
        }
    }

    /// Compares the file's schema with the one that the migrations to its version make in an empty database.
    package static func checkSchema(_ connection: Connection) throws(CatalogError) {
        let fresh = try Connection(":memory:", mode: .memory)
        for step in Migration.all.prefix(connection.schemaVersion) { try fresh.execute(step.sql) }
        guard try schema(of: connection) == schema(of: fresh) else { throw .damaged(place: "schema") }
    }

    private static func schema(of connection: Connection) throws(CatalogError) -> [String] {
        try connection.all(
            "SELECT type, name, tbl_name, ifnull(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name"
        ) { row in [row.text(0), row.text(1), row.text(2), row.text(3)].joined(separator: "|") }
    }
}
