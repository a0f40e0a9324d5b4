// SPDX-License-Identifier: Apache-2.0

/// Reads a whole catalog and names what is wrong with it.
enum Verification {
    private static let limit = 100

    static func run(on connection: Connection) throws(CatalogError) -> CatalogReport {
        var report = CatalogReport()
        gather(into: &report, "schema") { () throws(CatalogError) in
            try DatabaseFile.checkSchema(connection)
            return []
        }
        gather(into: &report, "file") { () throws(CatalogError) in
            try connection.allOnce("PRAGMA integrity_check(\(limit))", []) { $0.text(0) }.filter { $0 != "ok" }
        }
        gather(into: &report, "references") { () throws(CatalogError) in
            try connection.allOnce("PRAGMA foreign_key_check", []) {
                "row \($0.integer(1)) of \($0.text(0)) belongs to nothing"
            }
        }
        checkCollections(&report, connection)
        for table in BlobTable.allCases {
            gather(into: &report, table.rawValue) { () throws(CatalogError) in try damagedBlobs(table, connection) }
        }
        report.cachedEmbeddings = (try? EmbeddingRows.count(on: connection)) ?? 0
        gather(into: &report, "cache") { () throws(CatalogError) in
            try EmbeddingRows.damaged(on: connection).map { "row \($0) of embeddings does not match its check" }
        }
        return report
    }

    /// Adds what `find` returns; what it throws is one more problem, and the other checks go on.
    private static func gather(
        into report: inout CatalogReport, _ place: String, find: () throws(CatalogError) -> [String]
    ) {
        do throws(CatalogError) {
            report.problems += try find().prefix(limit)
        } catch {
            report.problems.append("\(place): \(error.code)")
        }
    }

    private static func checkCollections(_ report: inout CatalogReport, _ connection: Connection) {
        do throws(CatalogError) {
            for record in try CollectionRows.all(on: connection) {
                report.collections += 1
                let (items, problems) = try checkItems(of: record, connection)
                report.items += items
                report.problems += problems
            }
        } catch {
            report.problems.append("collections: \(error.code)")
        }
    }

    private static func checkItems(
        of record: CollectionRecord, _ connection: Connection
    ) throws(CatalogError) -> (items: Int, problems: [String]) {
        let statement = try connection.prepare(
            "SELECT \(ItemRows.columns) FROM items WHERE collection = ?1 ORDER BY row", [.integer(record.key)])
        defer { statement.reset() }
        var (items, bytes) = (0, 0)
        var problems: [String] = []
        while try statement.step() {
            items += 1
            guard let item = try? ItemRows.read(statement) else {
                if problems.count < limit {
                    problems.append("row \(statement.integer(0)) of items does not match its check")
                }
                continue
            }
            bytes &+= record.vectorBytes &+ item.bytesBesideVector
        }
        if items != record.items || (problems.isEmpty && bytes != record.bytes) {
            problems.append(
                "collection \(record.key) counts \(record.items) items of \(record.bytes) bytes and has \(items) of \(bytes)"
            )
        }
        return (items, problems)
    }

    private static func damagedBlobs(_ table: BlobTable, _ connection: Connection) throws(CatalogError) -> [String] {
        let statement = try connection.prepare("SELECT row, \"check\", bytes FROM \(table.rawValue) ORDER BY row")
        defer { statement.reset() }
        var problems: [String] = []
        while try statement.step() {
            let row = statement.integer(0)
            if Checksum.of(row: row, statement.view(2)) != statement.integer(1) {
                problems.append("row \(row) of \(table.rawValue) does not match its check")
            }
        }
        return problems + (try missingBlobs(table, connection))
    }

    /// Items without the blob that they say they have.
    private static func missingBlobs(_ table: BlobTable, _ connection: Connection) throws(CatalogError) -> [String] {
        let condition =
            switch table {
            case .vectors: "1"
            case .thumbnails: "thumbnail >= 0"
            case .originals: "original >= 0"
            }
        return try connection.all(
            "SELECT row FROM items WHERE \(condition) AND row NOT IN (SELECT row FROM \(table.rawValue)) LIMIT \(limit)"
        ) { "row \($0.integer(0)) of items has nothing in \(table.rawValue)" }
    }
}
