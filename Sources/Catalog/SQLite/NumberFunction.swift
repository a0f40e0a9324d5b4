// SPDX-License-Identifier: Apache-2.0

internal import CSQLite

/// The SQL function `facet_number(text)`: the number that a JSON text writes, rounded correctly.
///
/// SQLite's own conversion may be off by the last bit, and a filter must answer the same in SQL as in Swift.
enum NumberFunction {
    static func install(on database: OpaquePointer) {
        let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS
        sqlite3_create_function_v2(
            database, "facet_number", 1, flags, nil, { NumberFunction.answer($0, $2) }, nil, nil, nil)
    }

    private static func answer(
        _ context: OpaquePointer?, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
    ) {
        guard let text = sqlite3_value_text(arguments?[0]) else { return sqlite3_result_null(context) }
        let string = String(cString: text)
        if let whole = Int64(string) { return sqlite3_result_int64(context, whole) }
        guard let number = Double(string), number.isFinite else { return sqlite3_result_null(context) }
        sqlite3_result_double(context, number)
    }
}
