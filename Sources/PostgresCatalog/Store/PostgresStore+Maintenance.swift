// SPDX-License-Identifier: Apache-2.0

package import Catalog

extension PostgresStore {
    /// Reads every row once: counts against items, vectors against their spaces, pictures against what items say of them.
    ///
    /// One state of the catalog; other calls go on meanwhile. Pages are the server's to check (`pg_amcheck`, checksums).
    package func verify() throws(CatalogError) -> CatalogReport {
        var report = CatalogReport()
        let all = try collections()
        try pool.lend(timeout: .seconds(24 * 3600)) { (loan) throws(CatalogError) in
            _ = try loan.run([
                Query(once: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
                Query(once: "SET LOCAL statement_timeout = 0"),
            ])
            for record in all { try Self.check(record, loan, &report) }
            for table in ["facet_thumbnails", "facet_originals"] { try Self.check(table, loan, &report) }
            let cached = try loan.run([Query(once: "SELECT count(*) FROM facet_embeddings"), .commit])
            report.cachedEmbeddings = Int(cached[0].integer(0, 0))
        }
        return report
    }

    private static func check(
        _ record: CollectionRecord, _ loan: Loan, _ report: inout CatalogReport
    ) throws(CatalogError) {
        let found = try loan.run(
            Query(
                "verify-items",
                """
                SELECT count(*), coalesce(sum(bytes), 0)::bigint, count(*) FILTER (WHERE
                coalesce(vector_dims(single), vector_dims(half)) IS DISTINCT FROM $2::integer
                OR (half IS NOT NULL) <> ($3 = 1) OR length(digest) <> 32),
                (SELECT coalesce(sum(items), 0)::bigint FROM facet_counts WHERE collection = $1),
                (SELECT coalesce(sum(bytes), 0)::bigint FROM facet_counts WHERE collection = $1)
                FROM facet_items WHERE collection = $1
                """,
                [
                    .integer(record.key), .integer(Int64(record.definition.components)),
                    .integer(Int64(record.definition.element.rawValue)),
                ]))
        let values = (0..<5).map { Int(found.integer(0, $0)) }
        report.collections += 1
        report.items += values[0]
        if values[0] != values[3] || values[1] != values[4] {
            report.problems.append(
                "collection \(record.key) counts \(values[3]) items of \(values[4]) bytes and has \(values[0]) of \(values[1])"
            )
        }
        if values[2] > 0 {
            report.problems.append("\(values[2]) items of collection \(record.key) have no whole vector or digest")
        }
    }

    private static func check(_ table: String, _ loan: Loan, _ report: inout CatalogReport) throws(CatalogError) {
        let column = table == "facet_thumbnails" ? "thumbnail" : "original"
        let found = try loan.run(
            Query(
                once: """
                    SELECT count(*) FROM facet_items i LEFT JOIN \(table) p USING (collection, id)
                    WHERE i.\(column) <> coalesce(octet_length(p.bytes), -1)
                    """))
        let count = found.integer(0, 0)
        if count > 0 { report.problems.append("\(count) items have nothing, or something else, in \(table)") }
    }
}
