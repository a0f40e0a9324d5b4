// SPDX-License-Identifier: Apache-2.0

/// The stored entries of a zip file, read off its central directory (APPNOTE 4.3), zip64 included.
///
/// Only what torch.save writes: entries that are stored, not compressed.
struct ZipArchive {
    struct Entry {
        let offset: Int
        let count: Int

        /// Where the entry's bytes are in the file.
        var range: Range<Int> { offset..<(offset + count) }
    }

    /// Bytes of the longest name that is read; torch.save's are shorter than a file name and 30 more.
    private static let longestName = 1024

    private(set) var entries: [String: Entry] = [:]

    init(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        let directory = try Self.directory(bytes)
        var position = directory.offset
        for _ in 0..<directory.count {
            guard bytes.number(UInt32.self, at: position) == 0x0201_4B50,
                let header = bytes.part(position, 46)
            else {
                throw Self.malformed(position, "a central directory entry is missing")
            }
            let (nameLength, extraLength, commentLength) = (
                Int(header.number(UInt16.self, at: 28) ?? 0), Int(header.number(UInt16.self, at: 30) ?? 0),
                Int(header.number(UInt16.self, at: 32) ?? 0)
            )
            guard let name = bytes.part(position + 46, nameLength),
                let extra = bytes.part(position + 46 + nameLength, extraLength)
            else { throw Self.malformed(position, "an entry runs past the end") }
            guard nameLength <= Self.longestName else {
                throw Self.malformed(
                    position, "a name of \(nameLength) bytes, more than \(Self.longestName)")
            }
            let entry = try Self.entry(bytes, header, extra, position)
            guard entries.updateValue(entry, forKey: String(decoding: name, as: UTF8.self)) == nil else {
                throw Self.malformed(position, "two entries have one name")
            }
            position += 46 + nameLength + extraLength + commentLength
        }
    }

    /// The entry whose name ends in `suffix`, and what precedes it; the shortest name where there are several.
    func first(endingWith suffix: String) -> (prefix: String, entry: Entry)? {
        entries.filter { $0.key == suffix || $0.key.hasSuffix("/" + suffix) }
            .min { ($0.key.utf8.count, $0.key) < ($1.key.utf8.count, $1.key) }
            .map { (String($0.key.dropLast(suffix.count)), $0.value) }
    }

    private static func entry(
        _ bytes: UnsafeRawBufferPointer, _ header: UnsafeRawBufferPointer,
        _ extra: UnsafeRawBufferPointer,
        _ position: Int
    ) throws(CheckpointError) -> Entry {
        guard header.number(UInt16.self, at: 10) == 0 else {
            throw .unsupported(
                what: "the zip has a compressed entry", advice: "save the checkpoint again with torch.save")
        }
        var sizes = [header.number(UInt32.self, at: 24), header.number(UInt32.self, at: 20)].map {
            UInt64($0 ?? 0)
        }
        var local = UInt64(header.number(UInt32.self, at: 42) ?? 0)
        var wide = wideNumbers(extra).makeIterator()
        for index in sizes.indices where sizes[index] == 0xFFFF_FFFF {
            guard let value = wide.next() else { throw malformed(position, "a 64-bit size is missing") }
            sizes[index] = value
        }
        if local == 0xFFFF_FFFF {
            guard let value = wide.next() else { throw malformed(position, "a 64-bit offset is missing") }
            local = value
        }
        guard sizes[0] == sizes[1], let size = Int(exactly: sizes[0]), let start = Int(exactly: local),
            let fixed = bytes.part(start, 30), fixed.number(UInt32.self, at: 0) == 0x0403_4B50
        else { throw malformed(position, "an entry's data is not where the directory says") }
        let skip =
            Int(fixed.number(UInt16.self, at: 26) ?? 0) + Int(fixed.number(UInt16.self, at: 28) ?? 0)
        guard bytes.part(start + 30 + skip, size) != nil else {
            throw .truncated(
                what: "a zip entry", expected: size, found: max(0, bytes.count - start - 30 - skip))
        }
        return Entry(offset: start + 30 + skip, count: size)
    }

    /// The 64-bit numbers of the zip64 extra field, in order.
    private static func wideNumbers(_ extra: UnsafeRawBufferPointer) -> [UInt64] {
        var position = 0
        while let tag = extra.number(UInt16.self, at: position),
            let length = extra.number(UInt16.self, at: position + 2).map(Int.init)
        {
            if tag == 1, let field = extra.part(position + 4, length) {
                return (0..<(length / 8)).compactMap { field.number(UInt64.self, at: $0 * 8) }
            }
            position += 4 + length
        }
        return []
    }

    /// Where the central directory begins and how many entries it claims; each takes 46 bytes, which bounds the claim.
    private static func directory(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) -> (
        offset: Int, count: Int
    ) {
        var end = bytes.count - 22
        let lowest = max(0, end - 65_535)
        while end >= lowest, bytes.number(UInt32.self, at: end) != 0x0605_4B50 { end -= 1 }
        guard end >= lowest else {
            throw .truncated(what: "the zip (its directory, at the end,)", expected: 22, found: 0)
        }
        var count = UInt64(bytes.number(UInt16.self, at: end + 10) ?? 0)
        var offset = UInt64(bytes.number(UInt32.self, at: end + 16) ?? 0)
        if bytes.number(UInt32.self, at: end - 20) == 0x0706_4B50,
            let wide = bytes.number(UInt64.self, at: end - 12).flatMap({ Int(exactly: $0) }),
            bytes.number(UInt32.self, at: wide) == 0x0606_4B50,
            let wideCount = bytes.number(UInt64.self, at: wide + 32),
            let wideOffset = bytes.number(UInt64.self, at: wide + 48)
        {
            (count, offset) = (wideCount, wideOffset)
        }
        guard let start = Int(exactly: offset), let number = Int(exactly: count), start <= bytes.count,
            number <= bytes.count / 46
        else { throw malformed(end, "the directory lies outside the file") }
        return (start, number)
    }

    private static func malformed(_ offset: Int, _ reason: String) -> CheckpointError {
        .malformed(format: "zip", offset: offset, reason: reason)
    }
}
