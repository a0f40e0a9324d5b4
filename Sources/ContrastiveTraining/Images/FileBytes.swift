// SPDX-License-Identifier: Apache-2.0

internal import Foundation
private import Glibc
internal import Vectors

/// Reading a whole file that may be anything.
enum FileBytes {
    /// Why a file could not be read, in plain words.
    struct Failure: Error {
        let reason: String
    }

    /// The bytes of the regular file at `url`, at most `limit` of them; never waits, not even for a pipe.
    static func read(_ url: URL, limit: Int) throws(Failure) -> [UInt8] {
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Failure(reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure(reason: String(cString: strerror(errno))) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(reason: "it is not a regular file") }
        let size = Int(status.st_size)
        guard size <= limit else { throw Failure(reason: "it has \(size) bytes; \(limit) are allowed") }
        var done = 0
        var problem: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while done < size {
                let got = Glibc.read(descriptor, buffer.baseAddress.map { $0 + done }, size - done)
                if got < 0, errno == EINTR { continue }
                if got < 0 { problem = errno }
                guard got > 0 else { break }
                done += got
            }
            count = done
        }
        guard problem == 0 else { throw Failure(reason: String(cString: strerror(problem))) }
        guard done == size else { throw Failure(reason: "it became shorter while it was read") }
        return bytes
    }

    /// SHA-256 of a file; nil when it cannot be read.
    static func digest(_ url: URL) -> ContentDigest? {
        guard let bytes = try? read(url, limit: 1 << 30) else { return nil }
        return ContentDigest(of: bytes)
    }
}
