// SPDX-License-Identifier: Apache-2.0
// libsqlite3, and the four calls Swift cannot make: pointer-valued constants and functions with variable arguments.
#pragma once
#include <sqlite3.h>

/// Binds text that SQLite copies before it returns.
static inline int facet_sqlite_bind_text(sqlite3_stmt *statement, int index, const char *text, sqlite3_uint64 count) {
    return sqlite3_bind_text64(statement, index, text, count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/// Binds bytes that SQLite copies before it returns; an empty value stays a blob, never NULL.
static inline int facet_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    if (count == 0) { return sqlite3_bind_zeroblob(statement, index, 0); }
    return sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_TRANSIENT);
}

/// Turns off what a hostile database file could use: writable schemas, untrusted functions, "text" as identifiers.
static inline int facet_sqlite_harden(sqlite3 *database) {
    int code = sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
    if (code == SQLITE_OK) { code = sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)0); }
    if (code == SQLITE_OK) { code = sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)0); }
    if (code == SQLITE_OK) { code = sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DML, 0, (int *)0); }
    return code;
}
