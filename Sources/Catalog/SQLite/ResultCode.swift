// SPDX-License-Identifier: Apache-2.0

internal import CSQLite
private import Glibc

extension CatalogError {
    /// What an SQLite result code means to a caller; `operation` names the call or the statement's first words.
    ///
    /// Call it right after the call that failed: errno tells a full disk from a broken one where SQLite does not, as with
    /// a quota, a limit on file sizes, or a disk that is found full only when it is synced.
    static func sqlite(_ code: Int32, operation: String, path: String) -> CatalogError {
        let system = errno
        return switch code & 0xFF {
        case SQLITE_FULL: .diskFull
        case SQLITE_IOERR where writingCodes.contains(code >> 8) && isFull(errno: system): .diskFull
        case SQLITE_CANTOPEN where isFull(errno: system): .diskFull
        case SQLITE_CORRUPT: .damaged(place: "file")
        case SQLITE_NOTADB: .foreignFile(applicationID: 0)
        case SQLITE_BUSY, SQLITE_LOCKED: .locked
        case SQLITE_READONLY, SQLITE_PERM: .readOnly(path: path)
        case SQLITE_CANTOPEN: .cannotOpen(path: path, code: Int(code))
        case SQLITE_IOERR: .inputOutput(code: Int(code))
        // The limits of this module are far below SQLite's own, so only a damaged file reaches these.
        case SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH: .damaged(place: "rows")
        default: .statementFailed(operation: operation, code: Int(code))
        }
    }

    /// The second byte of the input/output errors that come from writing: WRITE, FSYNC, DIR_FSYNC, TRUNCATE, SHMOPEN,
    /// SHMSIZE.
    private static let writingCodes: Set<Int32> = [3, 4, 5, 6, 18, 19]

    /// Whether a call failed because nothing more fits.
    static func isFull(errno code: Int32) -> Bool {
        code == ENOSPC || code == EDQUOT || code == EFBIG
    }
}
