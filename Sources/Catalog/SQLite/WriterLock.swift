// SPDX-License-Identifier: Apache-2.0

private import Glibc
internal import Synchronization

/// The promise that one process writes a catalog: an advisory lock on `<path>-lock`, freed when the process ends.
///
/// A file of its own, because closing any descriptor of the database would drop the locks SQLite holds on it.
final class WriterLock: Sendable {
    private let descriptor: Mutex<Int32?>

    /// Throws ``CatalogError/inUse(path:)`` where another store, here or in another process, holds the lock.
    init(for path: String) throws(CatalogError) {
        let opened = open(Self.resolved(path) + "-lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard opened >= 0 else {
            let code = errno
            if code == EACCES || code == EROFS || code == EPERM { throw .readOnly(path: path) }
            throw CatalogError.isFull(errno: code) ? .diskFull : .cannotOpen(path: path, code: Int(code))
        }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            close(opened)
            throw .inUse(path: path)
        }
        descriptor = Mutex(opened)
    }

    /// The file that a link leads to, so that two names of one file share a lock.
    private static func resolved(_ path: String) -> String {
        guard let found = realpath(path, nil) else { return path }
        defer { free(found) }
        return String(cString: found)
    }

    deinit {
        release()
    }

    /// Lets the next store have the file.
    func release() {
        descriptor.withLock { descriptor in
            if let descriptor { close(descriptor) }
            descriptor = nil
        }
    }
}
