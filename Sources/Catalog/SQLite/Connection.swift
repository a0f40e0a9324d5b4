// SPDX-License-Identifier: Apache-2.0

internal import CSQLite

/// One SQLite connection with its prepared statements; used by one thread at a time, which its owner sees to.
package final class Connection {
    /// What a connection may do.
    package enum Mode: Sendable {
        /// Makes the file when there is none.
        case writer
        case reader
        case memory
    }

    let path: String
    /// The schema version of its file; older than the newest only where such a file is read without being changed.
    var schemaVersion = Migration.newest
    private let database: OpaquePointer
    private var statements: [String: Statement] = [:]

    /// Opens the file; nothing of it is read before the first statement.
    package init(_ path: String, mode: Mode, busyMilliseconds: Int32 = 5_000) throws(CatalogError) {
        let flags =
            switch mode {
            case .writer: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            case .reader: SQLITE_OPEN_READONLY
            case .memory: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY
            }
        var pointer: OpaquePointer?
        let common = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE
        let code = sqlite3_open_v2(path, &pointer, flags | common, nil)
        guard code == SQLITE_OK, let pointer else {
            defer { sqlite3_close_v2(pointer) }
            throw .sqlite(code, operation: "open", path: path)
        }
        database = pointer
        self.path = path
        sqlite3_busy_timeout(pointer, busyMilliseconds)
        let hardened = facet_sqlite_harden(pointer)
        guard hardened == SQLITE_OK else { throw .sqlite(hardened, operation: "configure", path: path) }
        NumberFunction.install(on: pointer)
        try execute("PRAGMA foreign_keys = ON")
        try execute("PRAGMA cell_size_check = ON")
    }

    deinit {
        statements.removeAll()
        sqlite3_close_v2(database)
    }

    /// SQLite's handle, for the backup call.
    var handle: OpaquePointer { database }
    /// Whether BEGIN was run and neither COMMIT nor ROLLBACK.
    package var isInTransaction: Bool { sqlite3_get_autocommit(database) == 0 }
    /// Rows that the last insert, update or delete changed.
    var changes: Int { Int(sqlite3_changes(database)) }

    /// Runs statements without parameters or rows; several may be separated by semicolons.
    package func execute(_ sql: String) throws(CatalogError) {
        let code = sqlite3_exec(database, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw .sqlite(code, operation: String(sql.prefix(40)), path: path) }
    }

    /// The statement of that text, prepared once a connection, with `values` bound.
    func prepare(_ sql: String, _ values: [SQLValue] = []) throws(CatalogError) -> Statement {
        let statement: Statement
        if let known = statements[sql] {
            statement = known
            statement.reset()
        } else {
            statement = try Statement(sql, on: database, path: path)
            statements[sql] = statement
        }
        try statement.bind(values)
        return statement
    }

    /// Runs a statement to its end.
    package func run(_ sql: String, _ values: [SQLValue] = []) throws(CatalogError) {
        let statement = try prepare(sql, values)
        defer { statement.reset() }
        while try statement.step() {}
    }

    /// Reads the first row; nil when there is none.
    func first<Value>(
        _ sql: String, _ values: [SQLValue] = [], read: (Statement) throws(CatalogError) -> Value
    ) throws(CatalogError) -> Value? {
        let statement = try prepare(sql, values)
        defer { statement.reset() }
        return try statement.step() ? read(statement) : nil
    }

    /// Reads every row.
    func all<Value>(
        _ sql: String, _ values: [SQLValue] = [], read: (Statement) throws(CatalogError) -> Value
    ) throws(CatalogError) -> [Value] {
        let statement = try prepare(sql, values)
        defer { statement.reset() }
        var rows: [Value] = []
        while try statement.step() { rows.append(try read(statement)) }
        return rows
    }

    /// Reads rows of a statement that is not worth keeping, such as a filter's.
    func allOnce<Value>(
        _ sql: String, _ values: [SQLValue], read: (Statement) throws(CatalogError) -> Value
    ) throws(CatalogError) -> [Value] {
        let statement = try Statement(sql, on: database, path: path)
        try statement.bind(values)
        var rows: [Value] = []
        while try statement.step() { rows.append(try read(statement)) }
        return rows
    }

    /// The number a PRAGMA answers, 0 when it answers nothing.
    package func number(_ pragma: String) throws(CatalogError) -> Int {
        try Int(first("PRAGMA \(pragma)") { $0.integer(0) } ?? 0)
    }

    /// Lets the file grow by so many bytes at a time.
    func growBy(_ bytes: Int) {
        var step = Int32(clamping: bytes)
        sqlite3_file_control(database, nil, SQLITE_FCNTL_CHUNK_SIZE, &step)
    }

    /// Takes the disk's room for a file of so many bytes, where it has less; throws `diskFull` where there is none.
    ///
    /// Works after ``growBy(_:)`` only.
    func reserve(_ bytes: Int) throws(CatalogError) {
        var size = Int64(bytes)
        guard sqlite3_file_control(database, nil, SQLITE_FCNTL_SIZE_HINT, &size) == SQLITE_OK else { throw .diskFull }
    }

    /// Runs `body` in a read transaction, so that all of its statements see one state of the file.
    func reading<Value>(_ body: () throws(CatalogError) -> Value) throws(CatalogError) -> Value {
        try execute("BEGIN")
        defer { endReading() }
        return try body()
    }

    private func endReading() {
        // A read transaction has nothing to lose; a failed COMMIT leaves it open, and ROLLBACK then ends it.
        for statement in statements.values { statement.reset() }
        if isInTransaction { sqlite3_exec(database, "ROLLBACK", nil, nil, nil) }
    }
}
