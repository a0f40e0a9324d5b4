// SPDX-License-Identifier: Apache-2.0

/// The statements on the table of cached embeddings.
enum EmbeddingRows {
    /// How much is, or was, in the table.
    struct Size: Sendable, Equatable {
        var bytes = 0
        var entries = 0

        static func += (left: inout Size, right: Size) {
            left.bytes &+= right.bytes
            left.entries &+= right.entries
        }

        static func -= (left: inout Size, right: Size) {
            left.bytes &-= right.bytes
            left.entries &-= right.entries
        }
    }

    /// What one write did to the table.
    struct Change: Sendable {
        var growth = Size()
        var evictions = 0
    }

    /// What the cache knows of its table when the store is opened.
    struct State: Sendable {
        var size: Size
        /// The newest mark of use.
        var mark: Int64
    }

    /// No value is larger; a size beyond is a damaged row's.
    private static let mostBytes: Int64 = 1 << 32

    private static func size(_ stored: Int64) -> Int { Int(min(max(0, stored), mostBytes)) }

    static func state(on connection: Connection) throws(CatalogError) -> State {
        let found = try connection.first(
            "SELECT ifnull(sum(min(max(0, size), \(mostBytes))), 0), count(*), ifnull(max(used), 0) FROM embeddings"
        ) {
            State(size: Size(bytes: Int($0.integer(0)), entries: Int($0.integer(1))), mark: $0.integer(2))
        }
        guard let found, (0..<Int64.max / 2).contains(found.mark) else { throw .damaged(place: "embeddings") }
        return found
    }

    static func count(on connection: Connection) throws(CatalogError) -> Int {
        try Int(connection.first("SELECT count(*) FROM embeddings") { $0.integer(0) } ?? 0)
    }

    private static func check(of key: [UInt8], _ size: Int64, _ bytes: UnsafeRawBufferPointer) -> Int64 {
        var check = Checksum()
        check.add(key)
        check.add(size)
        check.add(bytes)
        return check.value
    }

    enum Found: Sendable {
        case value([UInt8])
        case damaged
        case none
    }

    static func find(_ key: [UInt8], on connection: Connection) throws(CatalogError) -> Found {
        let found = try connection.first(
            "SELECT size, \"check\", bytes, key FROM embeddings WHERE key = ?1", [.blob(key)]
        ) { row throws(CatalogError) -> Found in
            let isSound = row.bytes(3) == key && check(of: key, row.integer(0), row.view(2)) == row.integer(1)
            return isSound ? .value(row.bytes(2)) : .damaged
        }
        return found ?? .none
    }

    /// Puts a value, in place of one of the same key; returns by how much the table grew.
    static func put(
        _ value: [UInt8], key: [UInt8], mark: Int64, on connection: Connection
    ) throws(CatalogError) -> Size {
        let before = try connection.first("SELECT size FROM embeddings WHERE key = ?1", [.blob(key)]) {
            size($0.integer(0))
        }
        let bytes = Int64(value.count)
        let sum = value.withUnsafeBytes { check(of: key, bytes, $0) }
        try connection.run(
            """
            INSERT INTO embeddings (key, used, size, "check", bytes) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (key) DO UPDATE SET used = ?2, size = ?3, "check" = ?4, bytes = ?5
            """, [.blob(key), .integer(mark), .integer(bytes), .integer(sum), .blob(value)])
        return Size(bytes: value.count - (before ?? 0), entries: before == nil ? 1 : 0)
    }

    static func touch(_ key: [UInt8], mark: Int64, on connection: Connection) throws(CatalogError) {
        try connection.run(
            "UPDATE embeddings SET used = ?2 WHERE key = ?1 AND used < ?2", [.blob(key), .integer(mark)])
    }

    /// Deletes the entry; returns its size.
    static func delete(_ key: [UInt8], on connection: Connection) throws(CatalogError) -> Size {
        let gone = try connection.first("DELETE FROM embeddings WHERE key = ?1 RETURNING size", [.blob(key)]) {
            Size(bytes: size($0.integer(0)), entries: 1)
        }
        return gone ?? Size()
    }

    /// Deletes entries, the longest unused first, until `excess` bytes are gone; returns their size.
    static func evict(_ excess: Int, on connection: Connection) throws(CatalogError) -> Size {
        let oldest = try connection.prepare("SELECT row, size FROM embeddings ORDER BY used, size, row")
        var rows: [Int64] = []
        var gone = Size()
        while gone.bytes < excess, try oldest.step() {
            rows.append(oldest.integer(0))
            gone += Size(bytes: size(oldest.integer(1)), entries: 1)
        }
        oldest.reset()
        for row in rows { try connection.run("DELETE FROM embeddings WHERE row = ?1", [.integer(row)]) }
        return gone
    }

    /// Rows whose check disagrees.
    static func damaged(on connection: Connection) throws(CatalogError) -> [Int64] {
        let rows = try connection.all("SELECT row, key, size, \"check\", bytes FROM embeddings ORDER BY row") { row in
            check(of: row.bytes(1), row.integer(2), row.view(4)) == row.integer(3) ? nil : row.integer(0)
        }
        return rows.compactMap { $0 }
    }
}
