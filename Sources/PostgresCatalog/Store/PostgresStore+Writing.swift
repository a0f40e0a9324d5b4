// SPDX-License-Identifier: Apache-2.0

package import Catalog

extension PostgresStore {
    @discardableResult
    package func upsert(_ draft: ItemDraft, into name: CollectionName) throws(CatalogError) -> UpsertReceipt {
        guard let result = try upsert([draft], into: name).first else { throw .unavailable(.connectionLost) }
        return try result.get()
    }

    package func submitUpsert(
        _ draft: ItemDraft, into name: CollectionName,
        completion: @escaping @Sendable (Result<UpsertReceipt, CatalogError>) -> Void
    ) {
        submitUpsert([draft], into: name) { result in
            completion(result.flatMap { $0.first ?? .failure(.unavailable(.connectionLost)) })
        }
    }

    package func submitUpsert(
        _ drafts: [ItemDraft], into name: CollectionName,
        completion: @escaping @Sendable (Result<BatchResults, CatalogError>) -> Void
    ) {
        let bytes = drafts.reduce(500) {
            $0 + $1.vector.count * 4 + $1.metadata.text.utf8.count + ($1.thumbnail?.count ?? 0)
                + ($1.original?.count ?? 0) + 500
        }
        do throws(CatalogError) {
            try lane.submit(bytes: bytes) { [self] in
                completion(Result { () throws(CatalogError) in try upsert(drafts, into: name) })
            }
        } catch {
            completion(.failure(error))
        }
    }

    package func upsert(_ drafts: [ItemDraft], into name: CollectionName) throws(CatalogError) -> BatchResults {
        try CatalogLimits.require(drafts.count, within: limits.batchItems, "batch")
        return try onRecord(name) { (record) throws(CatalogError) in
            var results: BatchResults = []
            var good: [(place: Int, row: ItemRow)] = []
            for (place, draft) in drafts.enumerated() {
                do throws(CatalogError) {
                    let row = try ItemRow(draft, record, limits, now: configuration.clock())
                    good.append((place, row))
                    results.append(.failure(.unavailable(.connectionLost)))
                } catch {
                    results.append(.failure(error))
                }
            }
            guard !good.isEmpty else { return results }
            // In the order of their ids, so that two batches never wait for each other; equal ids stay in their order.
            good.sort { a, b in
                let (left, right) = (Array(a.row.id.utf8), Array(b.row.id.utf8))
                return left == right ? a.place < b.place : left.lexicographicallyPrecedes(right)
            }
            let receipts = try commit(writes: good.count) { (loan) throws(CatalogError) in
                try Self.write(good.map(\.row), record, now: configuration.clock(), loan)
            }
            for (item, receipt) in zip(good, receipts) { results[item.place] = .success(receipt) }
            return results
        }
    }

    private static func write(
        _ items: [ItemRow], _ record: CollectionRecord, now: Int64, _ loan: Loan
    ) throws(CatalogError) -> [UpsertReceipt] {
        var queries = [Query.begin, exists(record)]
        var places: [Int] = []
        for item in items {
            places.append(queries.count)
            queries += item.queries
        }
        let found = try loan.run(queries)
        var change = Change()
        var receipts: [UpsertReceipt] = []
        for (item, place) in zip(items, places) {
            let replaced = Int(found[place].integer(0, 1))
            change.items += replaced < 0 ? 1 : 0
            change.bytes += item.bytes - max(0, replaced)
            receipts.append(UpsertReceipt(row: found[place].integer(0, 0), isNew: replaced < 0))
        }
        _ = try loan.run([change.query(record, now: now), .commit])
        return receipts
    }

    package func delete(_ id: ItemID, from name: CollectionName) throws(CatalogError) {
        guard try delete([id], from: name) == [true] else { throw .noSuchItem }
    }

    package func delete(_ ids: [ItemID], from name: CollectionName) throws(CatalogError) -> [Bool] {
        try CatalogLimits.require(ids.count, within: limits.batchItems, "batch")
        let now = configuration.clock()
        return try onRecord(name) { (record) throws(CatalogError) in
            try commit(writes: ids.count) { (loan) throws(CatalogError) in
                // Locked in the order of their ids, as batches of upserts lock them.
                let found = try loan.run([
                    .begin, Self.exists(record),
                    Query(
                        "delete-lock",
                        "SELECT id FROM facet_items WHERE collection = $1 AND id = ANY($2) ORDER BY id FOR UPDATE",
                        [.integer(record.key), .texts(ids.map(\.text))]),
                    Query(
                        "delete",
                        "DELETE FROM facet_items WHERE collection = $1 AND id = ANY($2) RETURNING id, bytes",
                        [.integer(record.key), .texts(ids.map(\.text))]),
                ])[3]
                var gone: Set<ItemID> = []
                var change = Change()
                for row in found.indices {
                    gone.insert(ItemID(stored: found.text(row, 0)))
                    change.items -= 1
                    change.bytes -= Int(found.integer(row, 1))
                }
                _ = try loan.run([change.query(record, now: now), .commit])
                // An id that comes twice was there once.
                return ids.map { gone.remove($0) != nil }
            }
        }
    }

    // MARK: Collections

    /// Calls `body` with what is known of the collection, and again when that turns out to be of yesterday.
    func onRecord<Value>(
        _ name: CollectionName, _ body: (CollectionRecord) throws(CatalogError) -> Value
    ) throws(CatalogError) -> Value {
        if let known = records.find(name) {
            do throws(CatalogError) {
                return try body(known)
            } catch .noSuchCollection {
                records.forget(name)
            }
        }
        return try body(try collection(name))
    }

    /// Fails, and the transaction with it, unless the collection still has that name; holds its deletion off meanwhile.
    ///
    /// What the statement divides by is 0 then: the one error that says so in the middle of a journey.
    private static func exists(_ record: CollectionRecord) -> Query {
        Query(
            existsName,
            """
            SELECT 1 / count(*) FROM
            (SELECT FROM facet_collections WHERE key = $1 AND name = $2 FOR KEY SHARE) AS found
            """, [.integer(record.key), .text(record.definition.name.text)])
    }

    private static var existsName: String { ServerState.existence }

    /// What a transaction changes in the counts.
    private struct Change {
        var items = 0
        var bytes = 0

        func query(_ record: CollectionRecord, now: Int64) -> Query {
            Query(
                "counts",
                """
                INSERT INTO facet_counts VALUES ($1, pg_backend_pid() % \(Schema.slots), $2, $3, $4)
                ON CONFLICT (collection, slot) DO UPDATE SET items = facet_counts.items + EXCLUDED.items,
                bytes = facet_counts.bytes + EXCLUDED.bytes, updated = greatest(facet_counts.updated, EXCLUDED.updated)
                """, [.integer(record.key), .integer(Int64(items)), .integer(Int64(bytes)), .integer(now)])
        }
    }
}
