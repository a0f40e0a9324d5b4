// SPDX-License-Identifier: Apache-2.0

internal import ContrastiveTraining
internal import Foundation
internal import ImageDecoding
internal import Kernels
internal import Synchronization
internal import TestSupport
internal import Testing
internal import Vectors

@Suite("The cache of decoded images")
struct ImageCacheTests {
    private let folder: TemporaryFolder
    private let place: TemporaryFolder
    private var file: URL { place["run/images.cache"] }
    private static let names = ["rgb.png", "baseline.jpg", "lossy.webp", "gray16.png", "exif6.jpg", "one_pixel.png"]

    init() throws {
        folder = try TemporaryFolder()
        place = try TemporaryFolder()
        for (number, name) in Self.names.enumerated() { try folder.copy(name, "c\(number)/\(name)") }
    }

    /// Opens the cache and says how often progress was reported.
    private func open(
        limit: Int = 12, pool: ComputePool? = nil, at file: URL? = nil
    ) throws -> (cache: ImageCache, calls: [ImageCache.Progress]) {
        var calls: [ImageCache.Progress] = []
        let cache = try ImageCache(
            of: ImageFolder(scanning: folder.url), limit: limit, file: file ?? self.file, pool: pool,
            progress: { calls.append($0) })
        return (cache, calls)
    }

    private func pixels(_ cache: ImageCache, _ index: Int) -> [UInt8] {
        let image = cache[index]
        return Array(UnsafeBufferPointer(start: image.pixels, count: 3 * image.width * image.height))
    }

    @Test("Pictures are the decoded ones, and larger ones are reduced in proportion")
    func content() throws {
        let (large, calls) = try open(limit: 4_096)
        #expect(large.count == Self.names.count && large.failures.isEmpty)
        #expect(calls.first == .init(done: 0, total: 6, failed: 0) && calls.last == .init(done: 6, total: 6, failed: 0))
        for (index, name) in Self.names.enumerated() {
            let image = try ImageDecoder().decode(Golden.image(name))
            #expect(large.entries[index].path == "c\(index)/\(name)")
            #expect(large[index].width == image.width && large[index].height == image.height)
            #expect(pixels(large, index) == image.pixels)
        }
        let (small, _) = try open(limit: 12)
        for index in 0..<small.count {
            let (before, after) = (large[index], small[index])
            let scale = min(1, 12 / Double(min(before.width, before.height)))
            #expect(abs(Double(after.width) - Double(before.width) * scale) <= 0.5)
            #expect(abs(Double(after.height) - Double(before.height) * scale) <= 0.5)
            let mean = { (image: [UInt8]) in image.reduce(0.0) { $0 + Double($1) } / Double(image.count) }
            #expect(abs(mean(pixels(large, index)) - mean(pixels(small, index))) < 3)
        }
    }

    @Test("A long picture is limited on its longer side")
    func long() throws {
        try folder.write(Self.bitmap(width: 900, height: 20), "long.png")
        let (cache, _) = try open(limit: 10)
        let index = try #require(cache.entries.firstIndex { $0.path == "long.png" })
        #expect(cache[index].width == 40 && cache[index].height == 1)
    }

    /// A PNG with stored (not compressed) rows of one value each.
    static func bitmap(width: Int, height: Int) -> [UInt8] {
        func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        func checksum(_ bytes: [UInt8]) -> Int {
            let crc = bytes.reduce(0xFFFF_FFFF as UInt32) { crc, byte in
                (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1) * 0xEDB8_8320 }
            }
            return Int(~crc)
        }
        func block(_ name: String, _ body: [UInt8]) -> [UInt8] {
            number(body.count) + Array(name.utf8) + body + number(checksum(Array(name.utf8) + body))
        }
        let rows: [UInt8] = (0..<height).flatMap { row -> [UInt8] in
            [0] + [UInt8](repeating: UInt8(row % 256), count: width)
        }
        var (a, b) = (1, 0)
        for byte in rows { (a, b) = ((a + Int(byte)) % 65_521, (b + a + Int(byte)) % 65_521) }
        let size: [UInt8] = [UInt8(rows.count % 256), UInt8(rows.count / 256)]
        var stored: [UInt8] = [0x78, 0x01, 0x01]
        for part in [size, size.map { ~$0 }, rows, number(b << 16 | a)] { stored += part }
        let header: [UInt8] = number(width) + number(height) + [8, 0, 0, 0, 0]
        let magic: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        return magic + block("IHDR", header) + block("IDAT", stored) + block("IEND", [])
    }

    @Test("A second start decodes nothing; another limit or another image does")
    func reuse() throws {
        let first = try open().cache
        let (second, calls) = try open()
        #expect(calls.isEmpty)
        #expect((0..<first.count).allSatisfy { pixels(first, $0) == pixels(second, $0) })
        #expect(second.entries == first.entries)
        #expect(try !open(limit: 13).calls.isEmpty)
        #expect(try !open(limit: 12).calls.isEmpty)
        try folder.copy("gray.png", "c0/rgb.png")
        let (changed, again) = try open()
        #expect(!again.isEmpty && pixels(changed, 0) != pixels(first, 0))
        try folder.copy("gray.png", "new.png")
        #expect(try open().cache.count == Self.names.count + 1)
        #expect(place.names == ["run"])
    }

    @Test("The file has the same bytes, made on one thread or on several")
    func parallel() throws {
        for number in 0..<150 { try folder.copy(Self.names[number % 6], "more/\(number)-\(Self.names[number % 6])") }
        _ = try open()
        let pool = ComputePool(threads: 3, name: "test")
        _ = try open(pool: pool, at: place["other"])
        #expect(try Data(contentsOf: file) == Data(contentsOf: place["other"]))
    }

    @Test("Images that cannot be read are listed with a reason and skipped")
    func unreadable() throws {
        try folder.write(Array("no image".utf8), "bad/text.png")
        let whole = try Golden.image("rgb.png")
        try folder.write(Array(whole.prefix(whole.count / 2)), "bad/half.png")
        try folder.write([], "bad/empty.jpg")
        let (cache, calls) = try open()
        #expect(cache.count == Self.names.count)
        #expect(cache.failures.map(\.path) == ["bad/empty.jpg", "bad/half.png", "bad/text.png"])
        #expect(cache.failures.allSatisfy { !$0.reason.isEmpty })
        #expect(calls.last == .init(done: 9, total: 9, failed: 3))
        let (again, none) = try open()
        #expect(none.isEmpty && again.failures == cache.failures)
    }

    @Test("What a manifest lists and is not there is a failure until it is")
    func healing() throws {
        let digest = ContentDigest(of: try Golden.image("gray.png"))
        try folder.write(
            text: #"{"path":"c0/rgb.png","category":"c"}"# + "\n"
                + #"{"path":"late.png","category":"c","sha256":"\#(digest.hex)"}"#, "manifest.jsonl")
        #expect(try open().cache.failures.map(\.path) == ["late.png"])
        try folder.copy("gray16.png", "late.png")
        let wrong = try open().cache.failures
        #expect(wrong.map(\.path) == ["late.png"])
        try folder.copy("gray.png", "late.png")
        let healed = try open().cache
        #expect(healed.failures.isEmpty && healed.count == 2)
    }

    @Test("A folder in which nothing decodes is an error that says how many failed")
    func allBad() throws {
        let bad = try TemporaryFolder()
        try bad.write([1, 2, 3], "a.png")
        try bad.write([1, 2, 3], "b.png")
        #expect(throws: ImageSourceError.empty(path: bad.url.path, unreadable: 2)) {
            _ = try ImageCache(of: ImageFolder(scanning: bad.url), limit: 8, file: file)
        }
    }

    @Test("A cache that was cut or changed is made again, whatever is left of it")
    func damage() throws {
        // No cache may be mapped while its file is written in place, as only this test does.
        let expected = try pixels(open().cache, 0)
        let whole = try [UInt8](Data(contentsOf: file))
        var random = SeededGenerator(seed: 1)
        var damaged = [0, 1, 64, 127, 128, whole.count / 2, whole.count - 1].map { Array(whole.prefix($0)) }
        damaged.append(whole + [0])
        let table = whole.count - 400
        for _ in 0..<120 {
            // In the header or in the table: never in the pixels, which nothing checks.
            var bytes = whole
            let place = Int(random.next() % 500)
            bytes[place < 100 ? place : max(table, 128) + (place - 100) % (whole.count - max(table, 128))] ^=
                1 << UInt8(random.next() % 8)
            damaged.append(bytes)
        }
        for bytes in damaged {
            try Data(bytes).write(to: file)
            let cache = try open().cache
            // Looked at: of an array that nobody uses Swift 6.3.1 gives the memory back before it copies into it.
            for index in 0..<cache.count { #expect(!pixels(cache, index).isEmpty) }
            #expect(cache.count + cache.failures.count == Self.names.count)
        }
        try Data(whole.prefix(whole.count - 9)).write(to: file)
        let (made, calls) = try open()
        #expect(!calls.isEmpty && pixels(made, 0) == expected)
    }

    @Test("A place that cannot be written is named, and nothing is left behind")
    func unwritable() throws {
        try place.write([1], "file")
        let target = place["file/images.cache"]
        #expect {
            _ = try open(at: target)
        } throws: { error in
            guard case ImageSourceError.unwritable(target.path, _) = error else { return false }
            return true
        }
        #expect(place.names == ["file"])
    }

    @Test("Stopping leaves nothing behind, and what a killed process left is no obstacle")
    func cancellation() throws {
        #expect(throws: ImageSourceError.cancelled) {
            _ = try ImageCache(
                of: ImageFolder(scanning: folder.url), limit: 8, file: file, isCancelled: { true })
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place["run"].path).isEmpty)
        try place.write([UInt8](repeating: 7, count: 100_000), "run/images.cache.partial")
        #expect(try open().cache.count == Self.names.count)
        #expect(try FileManager.default.contentsOfDirectory(atPath: place["run"].path) == ["images.cache"])
    }

    private final class Count: Sendable {
        let number = Mutex(0)
    }

    @Test("Of several that make the same cache at once, all get it whole")
    func race() async throws {
        let (images, file, built) = (try ImageFolder(scanning: folder.url), file, Count())
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let cache = try ImageCache(of: images, limit: 12, file: file) { progress in
                        if progress.done == 0 { built.number.withLock { $0 += 1 } }
                    }
                    return cache.count
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts == [Int](repeating: Self.names.count, count: 4))
        #expect(built.number.withLock { $0 } == 1, "who waited takes what the first has made")
        #expect(try FileManager.default.contentsOfDirectory(atPath: place["run"].path) == ["images.cache"])
    }

    @Test("A picture outlives its cache")
    func lifetime() throws {
        var cache: ImageCache? = try open().cache
        let image = try #require(cache?[0])
        let expected = pixels(try #require(cache), 0)
        cache = nil
        try FileManager.default.removeItem(at: file)
        #expect(Array(UnsafeBufferPointer(start: image.pixels, count: expected.count)) == expected)
    }

    @Test("The positions of the splits are all positions, once")
    func positions() throws {
        let cache = try open().cache
        let both = ImageEntry.Split.allCases.flatMap { cache.positions(of: $0) }
        #expect(both.sorted() == Array(0..<cache.count))
        #expect(cache.positions(of: .test).allSatisfy { cache.entries[$0].split == .test })
    }
}
