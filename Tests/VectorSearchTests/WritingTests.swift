// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing
import TestSupport
import VectorSearch

@Suite struct WritingTests {
    private func result(_ index: VectorIndex, k: Int = .max) throws -> [SearchHit] {
        let parts = index.layout.segments.enumerated().map {
            SearchQuery.Part(segment: $0.offset, vector: [Float](repeating: 1, count: $0.element))
        }
        return try index.search(.init(parts: parts, k: k)).hits
    }

    @Test("A search sees every write that returned before it, and of the later ones a prefix")
    func concurrentWrites() throws {
        let index = VectorIndex(layout: try VectorLayout([12]), threads: 2)
        let acknowledged = Atomic<Int>(0)
        let failures = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 3) { role in
            do {
                guard role > 0 else {
                    for key in 0..<1200 {
                        try index.upsert(key: Int64(key), vector: (0..<12).map { Float(($0 + key) % 5) })
                        acknowledged.store(key + 1, ordering: .sequentiallyConsistent)
                    }
                    return
                }
                while true {
                    let least = acknowledged.load(ordering: .sequentiallyConsistent)
                    let keys = try result(index).map(\.key).sorted()
                    if keys.count < least || keys != (0..<Int64(keys.count)).map({ $0 }) {
                        failures.withLock { $0.append("\(keys.count) rows after \(least) writes") }
                    }
                    if least == 1200 { return }
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
    }

    @Test("While rows are replaced and removed, a search finds each row whole: as it was before, or after")
    func concurrentReplacements() throws {
        let index = VectorIndex(layout: try VectorLayout([4, 4]), threads: 2)
        let versions: [[Float]] = [[1, 0, 0, 0, 1, 0, 0, 0], [0, 1, 0, 0, 0, 1, 0, 0]]
        for key in 0..<600 { try index.upsert(key: Int64(key), vector: versions[0]) }
        let done = Flag()
        let failures = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 2) { role in
            do {
                guard role > 0 else {
                    for step in 0..<3000 {
                        let key = Int64(step * 7919 % 600)
                        if step % 3 == 0 {
                            index.remove(key)
                        } else {
                            try index.upsert(key: key, vector: versions[step % 2])
                        }
                    }
                    return done.set()
                }
                repeat {
                    let parts = [
                        SearchQuery.Part(segment: 0, vector: [1, 0, 0, 0]),
                        SearchQuery.Part(segment: 1, vector: [1, 0, 0, 0]),
                    ]
                    let hits = try index.search(.init(parts: parts, k: 600)).hits
                    if Set(hits.map(\.key)).count != hits.count || !hits.allSatisfy({ $0.cosines[0] == $0.cosines[1] })
                    {
                        failures.withLock { $0.append("a torn or doubled row among \(hits.count)") }
                    }
                } while !done.isSet
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
    }

    @Test("Writes in the middle of a search do not reach it, and reach the next one")
    func writesDuringSearch() throws {
        var random = SeededGenerator(seed: 8)
        let index = VectorIndex(layout: try VectorLayout([12]), threads: 2)
        for key in 0..<700 { try index.upsert(key: Int64(key), vector: random.floats(12)) }
        let before = try result(index)
        let later = (0..<700).map { _ in random.floats(12) }
        let started = Atomic<Bool>(false)
        let writing = RowFilter.matching { _ in
            guard !started.exchange(true, ordering: .relaxed) else { return true }
            for key in 0..<700 where key % 3 != 0 { try? index.upsert(key: Int64(key), vector: later[key]) }
            for key in stride(from: 0, to: 700, by: 3) { index.remove(Int64(key)) }
            try? index.upsert(key: 9_999, vector: later[0])
            return true
        }
        let parts = [SearchQuery.Part(segment: 0, vector: [Float](repeating: 1, count: 12))]
        #expect(try index.search(.init(parts: parts, k: .max, filter: writing)).hits == before)
        let after = try result(index)
        #expect(Set(after.map(\.key)) == Set((0..<700).filter { $0 % 3 != 0 }.map(Int64.init) + [9_999]))
        #expect(after.first { $0.key == 1 } != before.first { $0.key == 1 })
    }

    @Test("Loading equals adding one by one, in any slices, and what is stored comes back")
    func loading() throws {
        var random = SeededGenerator(seed: 11)
        let keys = (0..<1500).map { Int64($0 * 1_000_003 % 4_999) - 2_000 }
        let vectors = keys.map { _ in random.floats(20) }
        let layout = try VectorLayout([12, 8])
        let single = VectorIndex(layout: layout)
        for (key, vector) in zip(keys, vectors) { try single.upsert(key: key, vector: vector) }
        for slice in [1500, 512, 100] {
            let index = VectorIndex(layout: layout, threads: 2)
            for start in stride(from: 0, to: 1500, by: slice) {
                let range = start..<min(start + slice, 1500)
                try vectors[range].flatMap { $0 }.withUnsafeBufferPointer {
                    try index.load(keys: Array(keys[range]), vectors: $0)
                }
            }
            #expect(index.count == 1500)
            #expect(try result(index) == result(single))
            #expect(keys.allSatisfy { index.vector(of: $0) == single.vector(of: $0) })
        }
        let stored = try #require(single.vector(of: keys[3]))
        #expect(stored == NaiveIndex.unit(Array(vectors[3][..<12])) + NaiveIndex.unit(Array(vectors[3][12...])))
    }

    @Test("Removing all rows one by one leaves nothing, and memory goes back")
    func removal() throws {
        var random = SeededGenerator(seed: 2)
        let index = VectorIndex(layout: try VectorLayout([16]))
        let empty = index.bytes
        for key in 0..<1000 { try index.upsert(key: Int64(key), vector: random.floats(16)) }
        for key in (0..<1000).shuffled(using: &random) {
            #expect(index.contains(Int64(key)) && index.remove(Int64(key)) && !index.contains(Int64(key)))
        }
        #expect(index.count == 0 && !index.remove(5))
        #expect(try result(index) == [])
        #expect(index.bytes < empty + 16_384)
    }

    @Test("Memory stays within 1.3 times the floats of four segments of 128")
    func memory() throws {
        let index = VectorIndex(layout: try VectorLayout([128, 128, 128, 128]))
        var random = SeededGenerator(seed: 4)
        let floats = random.floats(2560 * 512)
        try floats.withUnsafeBufferPointer { try index.load(keys: (0..<2560).map(Int64.init), vectors: $0) }
        #expect(Double(index.bytes) < 1.3 * Double(floats.count * 4), "\(index.bytes) bytes")
        #expect(Double(index.bytes) > 1.2 * Double(floats.count * 4), "\(index.bytes) bytes")
    }
}

/// A flag that threads share.
private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}
