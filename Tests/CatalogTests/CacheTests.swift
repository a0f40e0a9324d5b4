// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Testing
import Vectors

import Catalog

struct CacheTests {
    private func key(_ number: Int, checkpoint: String = "c", preprocessing: String = "1") -> EmbeddingKey {
        EmbeddingKey(
            content: ContentDigest(of: Array("\(number)".utf8)), checkpoint: ContentDigest(of: Array(checkpoint.utf8)),
            preprocessing: preprocessing)
    }

    private let both = [SpaceName.backbone, .invariant]

    private func embeddings(_ number: Int, count: Int = 100) -> [Embedding] {
        both.map {
            Embedding(space: $0, values: [Float](repeating: Float(number), count: count))
        }
    }

    @Test("An embedding is found at once, after its write, and after a restart")
    func persistence() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        #expect(store.cache.find(key(1), spaces: both) == nil)
        store.cache.keep(embeddings(1), for: key(1))
        #expect(store.cache.find(key(1), spaces: both) == embeddings(1))
        try store.cache.flush()
        #expect(store.cache.find(key(1), spaces: both) == embeddings(1))
        store.cache.keep(embeddings(2), for: key(2))
        try store.close()
        let again = try folder.open()
        #expect(again.cache.find(key(1), spaces: both) == embeddings(1))
        #expect(again.cache.find(key(2), spaces: both) == embeddings(2))
        #expect(again.cache.counts.hits == 2 && again.cache.counts.misses == 0)
        #expect(store.cache.counts.hits == 2 && store.cache.counts.misses == 1)
    }

    @Test("Another checkpoint or another preprocessing is another key")
    func keys() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        store.cache.keep(embeddings(1), for: key(1))
        #expect(store.cache.find(key(1, checkpoint: "d"), spaces: both) == nil)
        #expect(store.cache.find(key(1, preprocessing: "2"), spaces: both) == nil)
    }

    @Test("Spaces kept one after the other are found together, in the order asked for, also across a restart")
    func spaces() throws {
        let folder = try CatalogFolder()
        var store = try folder.open()
        let (first, second) = (embeddings(1)[0], embeddings(1)[1])
        store.cache.keep([first], for: key(1))
        #expect(store.cache.find(key(1), spaces: both) == nil)
        #expect(store.cache.find(key(1), spaces: [.backbone]) == [first])
        store.cache.keep([second], for: key(1))
        #expect(store.cache.find(key(1), spaces: both.reversed()) == [second, first])
        try store.cache.flush()
        #expect(store.cache.counts.entries == 1)
        let third = Embedding(space: .concat, values: [1, 2])
        store.cache.keep([third], for: key(1))
        #expect(store.cache.find(key(1), spaces: [.concat, .backbone]) == [third, first])
        let newer = Embedding(space: .backbone, values: [3])
        store.cache.keep([newer], for: key(1))
        try store.close()
        store = try folder.open()
        #expect(store.cache.find(key(1), spaces: [.concat, .invariant, .backbone]) == [third, second, newer])
        #expect(store.cache.counts.bytes == EmbeddingCoding.bytes(of: [first, second, third]) - 99 * 4)
        #expect(store.cache.counts.entries == 1)
    }

    @Test("A value that comes while an earlier one of its key is written is not forgotten with it")
    func overlap() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let parts = embeddings(1)
        // An observer runs between the commit and the moment when the cache forgets what it wrote.
        let observation = store.observe { [key = key(1)] _ in store.cache.keep([parts[1]], for: key) }
        store.cache.keep([parts[0]], for: key(1))
        try store.cache.flush()
        observation.cancel()
        #expect(store.cache.find(key(1), spaces: both) == parts)
        try store.cache.flush()
        #expect(store.cache.find(key(1), spaces: both) == parts)
        #expect(store.cache.counts.bytes == EmbeddingCoding.bytes(of: parts))
        try store.close()
    }

    @Test("Bytes and entries stay right when writes overlap, and the bound holds")
    func accounting() throws {
        let size = EmbeddingCoding.encode(embeddings(0)).count
        let folder = try CatalogFolder()
        let store = try folder.open { $0.limits.cacheBytes = size * 20 }
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            for number in 0..<60 {
                store.cache.keep(embeddings(number), for: key(number + thread * 10))
                _ = store.cache.find(key(number), spaces: both)
                if number % 3 == thread % 3 { try? store.cache.flush() }
            }
        }
        try store.cache.flush()
        let counts = store.cache.counts
        try store.close()
        let again = try folder.open()
        #expect(again.cache.counts.bytes == counts.bytes && again.cache.counts.entries == counts.entries)
        #expect(counts.bytes == counts.entries * size && counts.bytes <= size * 20 && counts.evictions > 0)
    }

    @Test("A cache of no bytes keeps and counts nothing")
    func off() throws {
        let folder = try CatalogFolder()
        let store = try folder.open { $0.limits.cacheBytes = 0 }
        store.cache.keep(embeddings(1), for: key(1))
        #expect(store.cache.find(key(1), spaces: both) == nil)
        let counts = store.cache.counts
        #expect(counts.hits == 0 && counts.misses == 0 && counts.entries == 0)
    }

    @Test("Over its bound the cache drops the longest unused")
    func eviction() throws {
        let size = EmbeddingCoding.encode(embeddings(0)).count
        let folder = try CatalogFolder()
        let store = try folder.open { $0.limits.cacheBytes = size * 10 }
        for number in 0..<10 {
            store.cache.keep(embeddings(number), for: key(number))
            try store.cache.flush()
        }
        #expect(store.cache.counts.bytes == size * 10 && store.cache.counts.evictions == 0)
        #expect(store.cache.find(key(0), spaces: both) != nil)
        store.cache.keep(embeddings(10), for: key(10))
        try store.cache.flush()
        #expect(store.cache.counts.evictions == 2 && store.cache.counts.bytes == size * 9)
        #expect(store.cache.find(key(0), spaces: both) != nil && store.cache.find(key(10), spaces: both) != nil)
        #expect(store.cache.find(key(1), spaces: both) == nil && store.cache.find(key(2), spaces: both) == nil)
        store.cache.keep(embeddings(11, count: 10_000), for: key(11))
        #expect(store.cache.find(key(11), spaces: both) == nil)
    }

    @Test("A hit writes nothing")
    func hits() throws {
        let folder = try CatalogFolder()
        var store = try folder.open()
        store.cache.keep(embeddings(1), for: key(1))
        try store.close()
        store = try folder.open()
        for _ in 0..<1_000 { #expect(store.cache.find(key(1), spaces: both) != nil) }
        Thread.sleep(forTimeInterval: 0.7)
        #expect(store.commitCounts.transactions == 0)
        #expect(store.cache.counts.hits == 1_000)
    }

    @Test("A damaged row is a miss, is dropped, and can be written again")
    func damage() throws {
        let folder = try CatalogFolder()
        var store = try folder.open()
        store.cache.keep(embeddings(1), for: key(1))
        try store.close()
        try Connection(folder.path, mode: .writer).execute("UPDATE embeddings SET bytes = zeroblob(length(bytes))")
        store = try folder.open()
        #expect(try !store.verify().isSound)
        #expect(store.cache.find(key(1), spaces: both) == nil)
        #expect(store.cache.counts.damagedRows == 1)
        try store.cache.flush()
        #expect(try store.verify().isSound && store.cache.counts.bytes == 0)
        store.cache.keep(embeddings(1), for: key(1))
        try store.cache.flush()
        #expect(store.cache.find(key(1), spaces: both) == embeddings(1))
    }

    @Test("Cut or changed values never decode to vectors of another shape")
    func coding() {
        let bytes = EmbeddingCoding.encode(embeddings(3, count: 5))
        #expect(EmbeddingCoding.decode(bytes) == embeddings(3, count: 5))
        for count in 0..<bytes.count { #expect(EmbeddingCoding.decode(Array(bytes.prefix(count))) == nil) }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0xFF
            _ = EmbeddingCoding.decode(changed)
        }
    }
}
