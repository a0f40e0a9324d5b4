// SPDX-License-Identifier: Apache-2.0

import Testing
import Vectors

import Catalog

@Suite("Embeddings in memory")
struct RecentEmbeddingsTests {
    private let recent = RecentEmbeddings()
    private let both = [SpaceName.backbone, .invariant]

    private func question(
        _ number: UInt8, checkpoint: String = "c", preprocessing: String = "1"
    ) -> RecentEmbeddings.Question {
        recent.question(
            [number, 7, 7], checkpoint: ContentDigest(of: Array(checkpoint.utf8)), preprocessing: preprocessing)
    }

    private func answer(_ number: UInt8, _ spaces: [SpaceName], count: Int = 100) -> RecentEmbeddings.Answer {
        RecentEmbeddings.Answer(
            digest: ContentDigest(of: [number]),
            embeddings: spaces.map { Embedding(space: $0, values: Array(repeating: Float(number), count: count)) })
    }

    @Test("What was kept is found in the order asked for, and nothing but what was kept")
    func finding() throws {
        #expect(recent.find(question(1), spaces: both) == nil)
        recent.keep(answer(1, both), for: question(1), bound: 1 << 20)
        let found = try #require(recent.find(question(1), spaces: both.reversed()))
        #expect(found.embeddings.map(\.space) == both.reversed() && found.digest == ContentDigest(of: [1]))
        #expect(recent.find(question(1), spaces: [.invariant])?.embeddings == answer(1, [.invariant]).embeddings)
        for other in [question(2), question(1, checkpoint: "d"), question(1, preprocessing: "2")] {
            #expect(recent.find(other, spaces: both) == nil)
        }
    }

    @Test("Spaces asked for later are found beside the first ones, after any number of other uploads that fit")
    func merging() {
        recent.keep(answer(1, [.backbone]), for: question(1), bound: 1 << 20)
        #expect(recent.find(question(1), spaces: both) == nil)
        for number in 2..<50 as Range<UInt8> {
            recent.keep(answer(number, both), for: question(number), bound: 1 << 20)
        }
        recent.keep(answer(1, [.invariant]), for: question(1), bound: 1 << 20)
        #expect(recent.find(question(1), spaces: both)?.embeddings == answer(1, both).embeddings)
    }

    @Test("The bound holds: what is asked for stays, the longest unused goes, and nothing larger than half is taken")
    func bound() {
        let bound = 40_000
        for number in 0..<200 as Range<UInt8> {
            recent.keep(answer(number, both), for: question(number), bound: bound)
            #expect(recent.find(question(0), spaces: both) != nil, "\(number)")
        }
        let left = (1..<200 as Range<UInt8>).filter { recent.find(question($0), spaces: both) != nil }
        // Each takes a little more than 1,200 bytes.
        #expect(left.count >= 10 && left.count * 1_200 <= bound && left.last == 199, "\(left)")
        recent.keep(answer(201, both, count: 3_000), for: question(201), bound: bound)
        #expect(recent.find(question(201), spaces: both) == nil)
        #expect(recent.find(question(199), spaces: both) != nil)
    }

    @Test("The bound holds, too, where everything that is there is asked for again and again")
    func boundUnderUse() {
        for number in 0..<200 as Range<UInt8> {
            recent.keep(answer(number, both), for: question(number), bound: 40_000)
            for earlier in 0...number { _ = recent.find(question(earlier), spaces: both) }
        }
        let left = (0..<200 as Range<UInt8>).filter { recent.find(question($0), spaces: both) != nil }
        #expect(!left.isEmpty && left.count * 1_200 <= 40_000, "\(left.count) are there")
    }
}
