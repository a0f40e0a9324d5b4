// SPDX-License-Identifier: Apache-2.0

internal import CSQLite

/// A value that goes into a statement.
package enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
}

/// A prepared statement; belongs to one connection and to the thread that holds it.
final class Statement {
    private let pointer: OpaquePointer
    private let sql: String
    private let path: String

    init(_ sql: String, on database: OpaquePointer, path: String) throws(CatalogError) {
        var pointer: OpaquePointer?
        let code = sqlite3_prepare_v3(database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &pointer, nil)
        guard code == SQLITE_OK, let pointer else {
            throw .sqlite(sqlite3_extended_errcode(database), operation: Self.label(of: sql), path: path)
        }
        self.pointer = pointer
        self.sql = sql
        self.path = path
    }

    deinit {
        sqlite3_finalize(pointer)
    }

    private static func label(of sql: String) -> String { String(sql.prefix(40)) }

    private func check(_ code: Int32) throws(CatalogError) {
        guard code == SQLITE_OK else { throw .sqlite(code, operation: Self.label(of: sql), path: path) }
    }

    /// Ends what ran before and forgets its values.
    func reset() {
        sqlite3_reset(pointer)
        sqlite3_clear_bindings(pointer)
    }

    /// Sets the parameters ?1, ?2 and so on.
    func bind(_ values: [SQLValue]) throws(CatalogError) {
        for (offset, value) in values.enumerated() { try bind(value, at: Int32(truncatingIfNeeded: offset + 1)) }
    }

    private func bind(_ value: SQLValue, at index: Int32) throws(CatalogError) {
        switch value {
        case .null: try check(sqlite3_bind_null(pointer, index))
        case .integer(let value): try check(sqlite3_bind_int64(pointer, index, value))
        case .real(let value): try check(sqlite3_bind_double(pointer, index, value))
        case .text(let value):
            var value = value
            let code = value.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    facet_sqlite_bind_text(pointer, index, $0.baseAddress, UInt64($0.count))
                }
            }
            try check(code)
        case .blob(let value):
            try check(
                value.withUnsafeBytes { facet_sqlite_bind_blob(pointer, index, $0.baseAddress, UInt64($0.count)) })
        }
    }

    /// Moves to the next row; false when there is none.
    func step() throws(CatalogError) -> Bool {
        switch sqlite3_step(pointer) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code:
            defer { sqlite3_reset(pointer) }
            throw .sqlite(code, operation: Self.label(of: sql), path: path)
        }
    }

    // MARK: The current row's columns, counted from 0

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(pointer, column) }
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(pointer, column) == SQLITE_NULL }

    /// The column's text; bytes that are not UTF-8 are repaired, which a row's checksum then notices.
    func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(pointer, column) else { return "" }
        let count = Int(sqlite3_column_bytes(pointer, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func bytes(_ column: Int32) -> [UInt8] { Array(view(column)) }

    /// The column's bytes in place; valid until the next step or reset.
    func view(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(pointer, column)
        return UnsafeRawBufferPointer(
            start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(pointer, column)))
    }
}
