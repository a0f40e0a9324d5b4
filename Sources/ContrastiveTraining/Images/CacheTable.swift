// SPDX-License-Identifier: Apache-2.0

internal import Vectors

/// What is in a cache file, read with distrust: a file that is not whole or not ours is no cache.
///
/// All numbers are little-endian and 8 bytes long. A header of 128 bytes: magic, version, the key's 32 bytes, number of
/// pictures, number of failures, start of the table, length of the file, zeros. Then the pictures' bytes, each on a
/// multiple of 64. Then the table: for each picture its entry, offset, width, height; for each failure its entry, the
/// length of its reason, and the reason.
struct CacheTable: Sendable {
    static let version: UInt64 = 1
    static let magic: UInt64 = 0x474D_4954_4543_4146
    static let headerBytes = 128
    static let alignment = 64

    struct Picture: Sendable, Equatable {
        let entry: Int
        let offset: Int
        let width: Int
        let height: Int
    }

    struct Failure: Sendable, Equatable {
        let entry: Int
        let reason: String
    }

    let memory: PixelMemory
    let pictures: [Picture]
    let failures: [Failure]

    /// The table of a file made for `key` out of `entries` images; nil for every other file.
    init?(_ memory: PixelMemory, key: ContentDigest, entries: Int) {
        var reader = Reader(memory: memory, offset: 0, end: memory.count)
        guard reader.number() == Int(Self.magic), reader.number() == Int(Self.version),
            reader.bytes(32).map({ Array($0) }) == key.bytes,
            let pictureCount = reader.number(), let failureCount = reader.number(), let start = reader.number(),
            reader.number() == memory.count, start >= Self.headerBytes, start <= memory.count,
            pictureCount <= entries, failureCount == entries - pictureCount
        else { return nil }
        reader.offset = start
        var pictures: [Picture] = []
        var failures: [Failure] = []
        for _ in 0..<pictureCount {
            guard let picture = reader.picture(before: start, entries: entries) else { return nil }
            pictures.append(picture)
        }
        for _ in 0..<failureCount {
            guard let entry = reader.number(), entry < entries, let length = reader.number(),
                let reason = reader.bytes(length)
            else { return nil }
            failures.append(Failure(entry: entry, reason: String(decoding: reason, as: UTF8.self)))
        }
        guard reader.offset == memory.count else { return nil }
        self.memory = memory
        self.pictures = pictures
        self.failures = failures
    }

    /// The header of a file whose table starts at `start`.
    static func header(key: ContentDigest, pictures: Int, failures: Int, start: Int, length: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        append(Int(magic), to: &bytes)
        append(Int(version), to: &bytes)
        bytes.append(contentsOf: key.bytes)
        for number in [pictures, failures, start, length] { append(number, to: &bytes) }
        bytes.append(contentsOf: repeatElement(0, count: headerBytes - bytes.count))
        return bytes
    }

    /// The table itself.
    static func bytes(_ pictures: [Picture], _ failures: [Failure]) -> [UInt8] {
        var bytes: [UInt8] = []
        for picture in pictures {
            for number in [picture.entry, picture.offset, picture.width, picture.height] { append(number, to: &bytes) }
        }
        for failure in failures {
            append(failure.entry, to: &bytes)
            append(failure.reason.utf8.count, to: &bytes)
            bytes.append(contentsOf: failure.reason.utf8)
        }
        return bytes
    }

    private static func append(_ number: Int, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: UInt64(number).littleEndian) { bytes.append(contentsOf: $0) }
    }
}

/// A position in a cache file that never leaves it.
private struct Reader {
    let memory: PixelMemory
    var offset: Int
    let end: Int

    /// The next number; nil at the end, or where it is no size that could be.
    mutating func number() -> Int? {
        guard let bytes = bytes(8) else { return nil }
        return Int(exactly: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    mutating func bytes(_ count: Int) -> UnsafeBufferPointer<UInt8>? {
        guard count >= 0, count <= end - offset else { return nil }
        defer { offset += count }
        return UnsafeBufferPointer(start: memory.base + offset, count: count)
    }

    mutating func picture(before limit: Int, entries: Int) -> CacheTable.Picture? {
        guard let entry = number(), entry < entries, let offset = number(), let width = number(),
            let height = number(), width > 0, height > 0, offset >= CacheTable.headerBytes, offset <= limit
        else { return nil }
        let (pixels, tooWide) = width.multipliedReportingOverflow(by: height)
        let (size, tooLarge) = pixels.multipliedReportingOverflow(by: 3)
        guard !tooWide, !tooLarge, size <= limit - offset else { return nil }
        return CacheTable.Picture(entry: entry, offset: offset, width: width, height: height)
    }
}
