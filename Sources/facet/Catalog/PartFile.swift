// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A file that is written under another name beside its place and takes its own when it is whole.
///
/// Not for use from several threads.
final class PartFile {
    /// The name that it will have.
    let path: String
    private let partial: String
    private var descriptor: Int32
    private var buffer: [UInt8] = []
    private static let bufferBytes = 1 << 20

    init(_ path: String) throws {
        self.path = path
        partial = path + ".partial"
        descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path) }
        buffer.reserveCapacity(Self.bufferBytes)
    }

    deinit {
        discard()
    }

    func append(_ bytes: [UInt8]) throws {
        buffer += bytes
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    /// Brings everything to the disk; the file still has its other name.
    func seal() throws {
        try flush()
        guard fsync(descriptor) == 0 else { throw Self.failure(path) }
        let closed = close(descriptor)
        descriptor = -1
        guard closed == 0 else { throw Self.failure(path) }
    }

    /// Takes the name, after ``seal()``.
    func publish() throws {
        precondition(descriptor < 0, "\(path) is published before it is sealed, descriptor \(descriptor)")
        guard rename(partial, path) == 0 else { throw Self.failure(path) }
    }

    /// Removes what was not published.
    func discard() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        unlink(partial)
    }

    private func flush() throws {
        try buffer.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw Self.failure(path) }
                done += count
            }
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private static func failure(_ path: String) -> CatalogRefusal {
        CatalogRefusal("\(path) cannot be written: \(String(cString: strerror(errno)).lowercased()).")
    }
}
