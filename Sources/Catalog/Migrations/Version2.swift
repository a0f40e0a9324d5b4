// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// Collections know how their images were prepared and how large their thumbnails are.
    ///
    /// Both are NULL in rows of version 1, whose checks stay what they were: a column that is NULL is not part of the
    /// check.
    static let version2 = Migration(
        version: 2,
        sql: """
            ALTER TABLE collections ADD COLUMN preprocessing TEXT;
            ALTER TABLE collections ADD COLUMN thumbnails INTEGER;
            """)
}
