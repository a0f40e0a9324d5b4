// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// The first schema.
    ///
    /// Times are milliseconds since 1970; `check` columns hold ``Checksum`` values.
    ///
    /// A collection without a name was deleted and waits for its items to be purged. Row numbers are never used twice.
    /// Vectors, thumbnails and originals have tables of their own, so that reading one kind never touches the others.
    static let version1 = Migration(
        version: 1,
        sql: """
            CREATE TABLE collections (
                key INTEGER PRIMARY KEY AUTOINCREMENT,
                name TEXT UNIQUE,
                model TEXT NOT NULL,
                checkpoint BLOB NOT NULL,
                spaces TEXT NOT NULL,
                element INTEGER NOT NULL,
                created INTEGER NOT NULL,
                updated INTEGER NOT NULL,
                items INTEGER NOT NULL,
                bytes INTEGER NOT NULL,
                "check" INTEGER NOT NULL
            ) STRICT;
            CREATE TABLE items (
                row INTEGER PRIMARY KEY AUTOINCREMENT,
                collection INTEGER NOT NULL REFERENCES collections(key),
                id TEXT NOT NULL,
                digest BLOB NOT NULL,
                metadata TEXT NOT NULL,
                thumbnail INTEGER NOT NULL,
                original INTEGER NOT NULL,
                created INTEGER NOT NULL,
                updated INTEGER NOT NULL,
                "check" INTEGER NOT NULL,
                UNIQUE (collection, id)
            ) STRICT;
            CREATE INDEX items_by_collection ON items (collection);
            CREATE TABLE vectors (
                row INTEGER PRIMARY KEY REFERENCES items(row) ON DELETE CASCADE,
                "check" INTEGER NOT NULL,
                bytes BLOB NOT NULL
            ) STRICT;
            CREATE TABLE thumbnails (
                row INTEGER PRIMARY KEY REFERENCES items(row) ON DELETE CASCADE,
                "check" INTEGER NOT NULL,
                bytes BLOB NOT NULL
            ) STRICT;
            CREATE TABLE originals (
                row INTEGER PRIMARY KEY REFERENCES items(row) ON DELETE CASCADE,
                "check" INTEGER NOT NULL,
                bytes BLOB NOT NULL
            ) STRICT;
            CREATE TABLE embeddings (
                row INTEGER PRIMARY KEY,
                key BLOB NOT NULL UNIQUE,
                used INTEGER NOT NULL,
                size INTEGER NOT NULL,
                "check" INTEGER NOT NULL,
                bytes BLOB NOT NULL
            ) STRICT;
            CREATE INDEX embeddings_by_use ON embeddings (used, size);
            """)
}
