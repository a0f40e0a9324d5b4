// SPDX-License-Identifier: Apache-2.0

private import Glibc

/// A whole file mapped into memory, read-only.
///
/// The bytes are valid as long as this object lives: whoever uses them holds it. Checkpoints are replaced by rename and
/// never written in place: a file that shrinks while it is mapped would end the process with SIGBUS.
///
/// `@unchecked Sendable`: the mapping never changes after init and is unmapped once, by `deinit`.
final class MappedFile: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer

    /// Maps the regular file at `path`, whose pages are read on first use; never waits, not even for a pipe.
    init(_ path: String) throws(CheckpointError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: Self.lastError) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .cannotOpen(path: path, reason: Self.lastError)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .cannotOpen(path: path, reason: "not a regular file")
        }
        let size = Int(status.st_size)
        guard size > 0 else { throw .truncated(what: "the file", expected: 8, found: 0) }
        guard let memory = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), memory != MAP_FAILED
        else {
            throw .cannotOpen(path: path, reason: Self.lastError)
        }
        madvise(memory, size, MADV_WILLNEED)
        bytes = UnsafeRawBufferPointer(start: memory, count: size)
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }

    private static var lastError: String { String(cString: strerror(errno)) }
}

extension UnsafeRawBufferPointer {
    /// The little-endian number at `offset`, which need not be aligned; nil past the end.
    func number<T: FixedWidthInteger>(_ type: T.Type, at offset: Int) -> T? {
        guard offset >= 0, offset <= count, count - offset >= MemoryLayout<T>.size else { return nil }
        return T(littleEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    /// The bytes of `range`; nil when it does not lie inside.
    func part(_ start: Int, _ length: Int) -> UnsafeRawBufferPointer? {
        guard start >= 0, length >= 0, start <= count, length <= count - start else { return nil }
        return UnsafeRawBufferPointer(rebasing: self[start..<(start + length)])
    }
}
