// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing
import Vectors

@Suite("Names, digests and embeddings")
struct VectorsTests {
    @Test("Space and model names that could leave their place are refused")
    func names() {
        for good in ["color", "head1", "a.b-c_D9"] { #expect(SpaceName(good)?.text == good) }
        for bad in ["", "1a", ".x", "a b", "a,b", "é", String(repeating: "a", count: 65)] {
            #expect(SpaceName(bad) == nil)
        }
        for good in ["facet-small", "9", "a.b", String(repeating: "m", count: 128)] { #expect(ModelID(good) != nil) }
        for bad in ["", ".", "..", ".x", "a/b", "../a", "a\\b", "a\0", String(repeating: "m", count: 129)] {
            #expect(ModelID(bad) == nil)
        }
        #expect(SpaceName.invariant.representation.text == "invariant.representation")
    }

    @Test("The digest is SHA-256, and its text form reads back")
    func digest() {
        let abc = ContentDigest(of: Array("abc".utf8))
        #expect(abc.description == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(ContentDigest(abc.description) == abc)
        #expect(
            ContentDigest(of: [UInt8]()).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        for bad in ["", "sha256:", abc.hex, abc.description + "0", abc.description.uppercased()] {
            #expect(ContentDigest(bad) == nil)
        }
    }

    @Test("A tag is the same for the same bytes, and another for every bit, length and maker")
    func tags() {
        let maker = ContentTagMaker()
        let bytes = (0..<50_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(maker.tag(of: bytes) == maker.tag(of: Array(bytes)))
        #expect(ContentTagMaker().tag(of: bytes) != maker.tag(of: bytes))
        var tags: Set<ContentTag> = [
            maker.tag(of: bytes), maker.tag(of: []), maker.tag(of: [0]), maker.tag(of: [0, 0]),
        ]
        for place in [0, 15, 16, 17, 25_000, 50_000] {
            var other = bytes
            other[place] ^= 0x80
            tags.insert(maker.tag(of: other))
        }
        tags.insert(maker.tag(of: bytes + [0]))
        tags.insert(maker.tag(of: Array(bytes.dropLast())))
        #expect(tags.count == 12)
    }

    @Test("Normalising keeps the direction; a zero vector stays")
    func normalise() throws {
        let space = try #require(SpaceName("color"))
        let unit = Embedding(space: space, values: [3, 0, -4]).normalised
        #expect(unit.values == [0.6, 0, -0.8])
        #expect(Embedding(space: space, values: [0, 0]).normalised.values == [0, 0])
        #expect(
            Embedding.cosine([1, 0], [1, 1]) == Float(0.5.squareRoot()) && Embedding.cosine([0, 0], [1, 1]) == 0)
    }
}
