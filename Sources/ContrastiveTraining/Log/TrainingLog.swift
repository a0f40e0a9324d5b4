// SPDX-License-Identifier: Apache-2.0

private import Foundation
private import Glibc
private import Synchronization

/// The log of a training run: a file of JSON lines, one ``TrainingRecord`` a line.
///
/// Each record reaches the operating system whole before ``append(_:)`` returns, so a killed process loses none. A line
/// that was cut short is dropped when the file is read or opened again. Any thread may append.
///
///     let log = try TrainingLog(path: "run/log.jsonl", step: 0)
///     try log.append(record)
package final class TrainingLog: Sendable {
    /// Where the log is.
    package let path: String
    /// The records found when the log was opened, up to the step it goes on from.
    package let earlier: [TrainingRecord]
    /// The open file and how much of it is whole lines.
    private let file: Mutex<OpenFile>

    /// Opens the log of a run that goes on after `step`; step 0 begins a new log.
    ///
    /// Every record after that step is dropped, and so are lines that cannot be read; the file is replaced at once, by
    /// a rename. A file with content but without one readable record is refused, for it is no log.
    package init(path: String, step: Int) throws(TrainingError) {
        let found = try TrainingLogFile.read(path)
        guard !found.records.isEmpty || found.unreadableLines == 0 else {
            throw .badState(path: path, reason: "none of its \(found.unreadableLines) lines is a training record")
        }
        self.path = path
        earlier = found.records.filter { $0.step <= step }
        let bytes = try TrainingLogFile.encode(earlier, path: path)
        try TrainingLogFile.replace(path, with: bytes)
        file = Mutex(try OpenFile(path: path, length: bytes.count))
    }

    /// Adds one record as one line.
    ///
    /// When the line cannot be written whole, for example because the disk is full, the part that was written is taken
    /// back and the error is thrown; the log can be appended to again later.
    package func append(_ record: TrainingRecord) throws(TrainingError) {
        let bytes = try TrainingLogFile.encode([record], path: path)
        try file.withLock { (file) throws(TrainingError) in try file.append(bytes) }
    }

    /// Waits until all records are on the disk itself; worth doing before a checkpoint that follows them is written.
    package func synchronise() throws(TrainingError) {
        try file.withLock { (file) throws(TrainingError) in try file.synchronise() }
    }

    /// The records of a log, in the file's order, without lines that cannot be read; none when there is no file.
    package static func read(_ path: String) throws(TrainingError) -> [TrainingRecord] {
        try TrainingLogFile.read(path).records
    }
}

/// A file that only grows by whole lines.
private struct OpenFile: ~Copyable {
    private let path: String
    private let descriptor: Int32
    /// Bytes that are whole lines.
    private var length: Int

    init(path: String, length: Int) throws(TrainingError) {
        self.path = path
        self.length = length
        descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { throw TrainingLogFile.failure(path) }
    }

    deinit {
        close(descriptor)
    }

    mutating func append(_ bytes: Data) throws(TrainingError) {
        if let number = TrainingLogFile.write(bytes, to: descriptor) {
            ftruncate(descriptor, off_t(length))
            throw TrainingLogFile.failure(path, number)
        }
        length += bytes.count
    }

    func synchronise() throws(TrainingError) {
        guard fsync(descriptor) == 0 else { throw TrainingLogFile.failure(path) }
    }
}
