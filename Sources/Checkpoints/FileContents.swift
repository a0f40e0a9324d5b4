// SPDX-License-Identifier: Apache-2.0

private import Glibc

/// A whole file's bytes as they were when it was read.
///
/// A copy and no mapping of the file: one that is cut short while it is mapped would end the process with SIGBUS, and one
/// that is written to would have another digest than the weights that are served. The bytes are valid as long as this
/// object lives: whoever uses them holds it.
///
/// `@unchecked Sendable`: the memory never changes after init and is given back once, by `deinit`.
final class FileContents: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer

    /// Reads the regular file at `path`; never waits for a pipe.
    ///
    /// - Throws: ``CheckpointError``: it cannot be opened or read, is empty, larger than `most` bytes or than memory, or
    ///   became shorter meanwhile.
    init(_ path: String, most: Int) throws(CheckpointError) {
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
        guard size <= most else { throw .cannotOpen(path: path, reason: "it has more than \(most) bytes") }
        // Pages of their own, so that they are given back to the system whatever the heap looks like.
        guard let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            memory != MAP_FAILED
        else {
            throw .cannotOpen(path: path, reason: Self.lastError)
        }
        do throws(CheckpointError) {
            try Self.fill(UnsafeMutableRawBufferPointer(start: memory, count: size), from: descriptor, path)
        } catch {
            munmap(memory, size)
            throw error
        }
        bytes = UnsafeRawBufferPointer(start: memory, count: size)
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }

    private static func fill(
        _ memory: UnsafeMutableRawBufferPointer, from descriptor: Int32, _ path: String
    ) throws(CheckpointError) {
        var done = 0
        while done < memory.count {
            let count = read(descriptor, memory.baseAddress?.advanced(by: done), memory.count - done)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .cannotOpen(path: path, reason: lastError) }
            guard count > 0 else { throw .truncated(what: "the file", expected: memory.count, found: done) }
            done += count
        }
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
