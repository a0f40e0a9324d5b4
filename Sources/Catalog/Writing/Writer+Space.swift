// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Giving space back: work in slices on the writer's queue, behind the writes that wait.
extension Writer {
    static let itemsOfOneSlice = 500
    private static let pagesOfOneSlice = 256
    /// Free pages below which none are given back: new items take them.
    private static let pagesKept = 64
    private static let secondsBetweenSlices = 0.01
    /// How long a disk without room for the smallest slice is left alone.
    private static let secondsOnFullDisk = 1.0

    /// Purges what deleted collections left, a slice of `items` a transaction, until nothing is left.
    func purgeLater(after seconds: Double = 0, items: Int = Writer.itemsOfOneSlice) {
        later(after: seconds) { [weak self] in self?.purgeSlice(items) }
    }

    private func purgeSlice(_ items: Int) {
        guard (try? withConnection(Self.hasAbandoned).get()) == true else { return }
        let job = WriteJob(bytes: 0) { (scope) throws(CatalogError) -> Bool in
            try Self.purge(scope, items: items) != nil
        } completion: { [weak self] result in
            switch result {
            case .success(true): self?.purgeLater(after: Self.secondsBetweenSlices, items: items)
            // A full disk may have room for a smaller transaction, and later for this one.
            case .failure(.diskFull) where items > 1: self?.purgeLater(items: max(1, items / 4))
            case .failure(.diskFull): self?.purgeLater(after: Self.secondsOnFullDisk)
            // What else the store refused is tried again at the next opening.
            case .success(false), .failure: break
            }
        }
        submit(job)
    }

    private static func hasAbandoned(_ connection: Connection) throws(CatalogError) -> Bool {
        try connection.first("SELECT 1 FROM collections WHERE name IS NULL LIMIT 1") { _ in true } ?? false
    }

    /// Deletes some items of a deleted collection, and at last the collection; says how many, nil when there is none left.
    static func purge(_ scope: WriteScope, items: Int = Writer.itemsOfOneSlice) throws(CatalogError) -> Int? {
        let connection = scope.connection
        let key = try connection.first("SELECT key FROM collections WHERE name IS NULL LIMIT 1") { $0.integer(0) }
        guard let key else { return nil }
        scope.reportFreedPages()
        try connection.run(
            """
            DELETE FROM items WHERE row IN
            (SELECT row FROM items WHERE collection = ?1 ORDER BY row LIMIT ?2)
            """, [.integer(key), .integer(Int64(items))])
        let count = connection.changes
        if count < items { try connection.run("DELETE FROM collections WHERE key = ?1", [.integer(key)]) }
        return count
    }

    /// Moves free pages to the file's end and cuts them off, a slice at a time, until few are left.
    func giveBackPagesLater() {
        let start = waiting.withLock { waiting in
            defer { waiting.isGivingBack = true }
            return !waiting.isGivingBack
        }
        if start { later { [weak self] in self?.giveBackPages() } }
    }

    private func giveBackPages() {
        let result = withConnection { (connection) throws(CatalogError) in try Self.giveBackSlice(connection) }
        if (try? result.get()) == true {
            later(after: Self.secondsBetweenSlices) { [weak self] in self?.giveBackPages() }
        } else {
            waiting.withLock { $0.isGivingBack = false }
        }
    }

    /// Cuts some free pages off the file; says whether there are more.
    static func giveBackSlice(_ connection: Connection) throws(CatalogError) -> Bool {
        let spare = try connection.number("freelist_count") - pagesKept
        guard spare > 0 else { return false }
        try connection.execute("PRAGMA incremental_vacuum(\(min(spare, pagesOfOneSlice)))")
        return spare > pagesOfOneSlice
    }
}
