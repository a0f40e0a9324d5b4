// SPDX-License-Identifier: Apache-2.0

internal import Foundation
private import Glibc

/// Reading, encoding and replacing the file of a ``TrainingLog``.
///
/// JSON has no word for a number that is not finite; they are written as "nan", "inf" and "-inf".
enum TrainingLogFile {
    struct Contents {
        var records: [TrainingRecord] = []
        /// Lines that are no record, the torn last one included.
        var unreadableLines = 0
    }

    /// What can be read of the file; nothing when there is no file.
    static func read(_ path: String) throws(TrainingError) -> Contents {
        guard access(path, F_OK) == 0 else { return Contents() }
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw .badState(path: path, reason: "it cannot be read (\(error.localizedDescription))")
        }
        var contents = Contents()
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        for line in data.split(separator: UInt8(ascii: "\n")) {
            if let record = try? decoder.decode(TrainingRecord.self, from: Data(line)) {
                contents.records.append(record)
            } else {
                contents.unreadableLines += 1
            }
        }
        return contents
    }

    /// One line a record; keys in alphabetical order, so that equal records are equal bytes.
    static func encode(_ records: [TrainingRecord], path: String) throws(TrainingError) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        var bytes = Data()
        do {
            for record in records {
                bytes.append(try encoder.encode(record))
                bytes.append(UInt8(ascii: "\n"))
            }
        } catch {
            throw .cannotWrite(path: path, reason: "a record cannot be encoded (\(error))")
        }
        return bytes
    }

    /// Puts a file with these bytes in the place of `path`: written beside it, synced and renamed.
    static func replace(_ path: String, with bytes: Data) throws(TrainingError) {
        let temporary = path + ".facet-tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(path) }
        var number = write(bytes, to: descriptor)
        if number == nil, fsync(descriptor) != 0 { number = errno }
        if close(descriptor) != 0, number == nil { number = errno }
        if number == nil, rename(temporary, path) != 0 { number = errno }
        guard let number else { return }
        unlink(temporary)
        throw failure(path, number)
    }

    /// Writes all bytes; the error number when that fails.
    static func write(_ bytes: Data, to descriptor: Int32) -> Int32? {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return count < 0 ? errno : ENOSPC }
                done += count
            }
            return nil
        }
    }

    static func failure(_ path: String, _ number: Int32 = errno) -> TrainingError {
        .cannotWrite(path: path, reason: String(cString: strerror(number)))
    }
}
