// SPDX-License-Identifier: Apache-2.0

private import Foundation
private import Glibc

/// Writes a file beside its place and moves it there when it is complete.
///
/// The unfinished file is `<path>.partial`, locked as long as somebody writes it. Who comes second waits; what a process
/// that was killed has left is written over.
struct CacheWriter: ~Copyable {
    private let path: String
    private let partial: String
    /// -1 once it is closed.
    private var descriptor: Int32
    /// Bytes so far.
    private(set) var count = 0

    init(_ path: String) throws(ImageSourceError) {
        self.path = path
        partial = path + ".partial"
        descriptor = -1
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        while descriptor < 0 {
            let opened = open(partial, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
            guard opened >= 0 else { throw Self.failure(path) }
            guard Self.lock(opened) else {
                let failure = Self.failure(path)
                close(opened)
                throw failure
            }
            // While this process waited, the file may have been moved to its place: then it is not ours to write.
            if Self.isStill(opened, partial) { descriptor = opened } else { close(opened) }
        }
        guard ftruncate(descriptor, 0) == 0 else {
            let failure = Self.failure(path)
            discard()
            throw failure
        }
    }

    /// Writes `bytes` at the end.
    mutating func append(_ bytes: [UInt8]) throws(ImageSourceError) {
        try write(bytes, at: count)
        count += bytes.count
    }

    /// Goes on to the next multiple of `alignment` and returns it.
    mutating func align(_ alignment: Int) throws(ImageSourceError) -> Int {
        let rest = count % alignment
        if rest > 0 { try append([UInt8](repeating: 0, count: alignment - rest)) }
        return count
    }

    /// Writes `bytes` over the first bytes of the file.
    func overwriteStart(_ bytes: [UInt8]) throws(ImageSourceError) {
        try write(bytes, at: 0)
    }

    /// Makes the file durable and puts it in its place; after a throw, call ``discard()``.
    mutating func commit() throws(ImageSourceError) {
        guard fsync(descriptor) == 0, rename(partial, path) == 0 else { throw Self.failure(path) }
        let folder = open(
            URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
        close(descriptor)
        descriptor = -1
    }

    /// Removes an unfinished file.
    mutating func discard() {
        guard descriptor >= 0 else { return }
        unlink(partial)
        close(descriptor)
        descriptor = -1
    }

    private func write(_ bytes: [UInt8], at offset: Int) throws(ImageSourceError) {
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes { buffer in
                pwrite(descriptor, buffer.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw Self.failure(path) }
            done += written
        }
    }

    private static func lock(_ descriptor: Int32) -> Bool {
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { return false }
        }
        return true
    }

    private static func isStill(_ descriptor: Int32, _ path: String) -> Bool {
        var opened = stat()
        var named = stat()
        guard fstat(descriptor, &opened) == 0, stat(path, &named) == 0 else { return false }
        return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino
    }

    private static func failure(_ path: String) -> ImageSourceError {
        .unwritable(path: path, reason: String(cString: strerror(errno)))
    }
}
