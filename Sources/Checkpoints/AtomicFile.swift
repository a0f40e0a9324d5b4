// SPDX-License-Identifier: Apache-2.0

private import Glibc

/// A file that appears under its name only when all of it is on disk.
///
/// It is written beside its place under a name of its own, synced, renamed, and its folder synced.
struct AtomicFile: ~Copyable {
    private let path: String
    private let temporary: String
    /// -1 once it is closed.
    private var descriptor: Int32

    /// Makes the temporary file in the folder of `path`.
    init(_ path: String) throws(CheckpointError) {
        self.path = path
        temporary = path + ".\(UInt32.random(in: 0 ... .max)).facet-tmp"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path) }
    }

    /// Writes all of `buffer` at the end.
    func append(_ buffer: UnsafeRawBufferPointer) throws(CheckpointError) {
        var done = 0
        while done < buffer.count {
            let count = write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(path) }
            done += count
        }
    }

    /// Writes all elements of `values` at the end, as they lie in memory.
    func append<T: BitwiseCopyable>(_ values: [T]) throws(CheckpointError) {
        let result = values.withUnsafeBytes { buffer in
            Result { () throws(CheckpointError) in try append(buffer) }
        }
        try result.get()
    }

    /// Puts the file in its place; after a throw, the old one is still there and ``discard()`` removes the new one.
    mutating func commit() throws(CheckpointError) {
        guard fsync(descriptor) == 0 else { throw Self.failure(path) }
        let closed = close(descriptor)
        descriptor = -1
        guard closed == 0, rename(temporary, path) == 0 else { throw Self.failure(path) }
        syncFolder()
    }

    /// Removes what was written; only for a file that was not committed.
    mutating func discard() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        unlink(temporary)
    }

    /// Makes the rename itself durable; a file system that cannot is left alone.
    private func syncFolder() {
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "."
        let descriptor = open(String(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func failure(_ path: String) -> CheckpointError {
        .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
}
