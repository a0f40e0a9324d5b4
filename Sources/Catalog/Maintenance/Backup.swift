// SPDX-License-Identifier: Apache-2.0

internal import CSQLite
private import Foundation

/// Copies a database page by page out of one read transaction, into a file that appears whole or not at all.
enum Backup {
    private static let pagesOfOneStep: Int32 = 256

    /// `goesOn` is asked after every step, with the part done; false ends the copy, and this returns false.
    static func run(
        _ source: Connection, to destination: String, goesOn: (Double) -> Bool
    ) throws(CatalogError) -> Bool {
        guard !FileManager.default.fileExists(atPath: destination) else {
            throw .destinationExists(path: destination)
        }
        try DatabaseFile.checkFolder(of: destination)
        let partial = destination + "-partial"
        unlink(partial)
        defer { for suffix in ["", "-journal", "-wal", "-shm"] { unlink(partial + suffix) } }
        guard try copy(source, to: partial, goesOn: goesOn) else { return false }
        try publish(partial, as: destination)
        return true
    }

    private static func copy(
        _ source: Connection, to partial: String, goesOn: (Double) -> Bool
    ) throws(CatalogError) -> Bool {
        // The first read fixes the state that the copy shows; writes meanwhile do not restart it.
        _ = try source.first("SELECT count(*) FROM sqlite_schema") { $0.integer(0) }
        let target = try Connection(partial, mode: .writer)
        guard let backup = sqlite3_backup_init(target.handle, "main", source.handle, "main") else {
            throw .sqlite(sqlite3_extended_errcode(target.handle), operation: "backup", path: partial)
        }
        var (code, isWanted) = (SQLITE_OK, true)
        while code == SQLITE_OK, isWanted {
            code = sqlite3_backup_step(backup, pagesOfOneStep)
            let total = max(1, sqlite3_backup_pagecount(backup))
            isWanted = goesOn(1 - Double(sqlite3_backup_remaining(backup)) / Double(total))
        }
        let finished = sqlite3_backup_finish(backup)
        guard isWanted || code != SQLITE_OK else { return false }
        guard code == SQLITE_DONE, finished == SQLITE_OK else {
            throw .sqlite(code == SQLITE_DONE ? finished : code, operation: "backup", path: partial)
        }
        return true
    }

    /// Gives the finished copy its name, never over another file, and makes the name last.
    private static func publish(_ partial: String, as destination: String) throws(CatalogError) {
        guard link(partial, destination) == 0 else {
            let code = errno
            throw code == EEXIST
                ? .destinationExists(path: destination) : .cannotOpen(path: destination, code: Int(code))
        }
        let folder = open(URL(fileURLWithPath: destination).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }
}
