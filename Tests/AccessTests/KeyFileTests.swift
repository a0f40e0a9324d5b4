// SPDX-License-Identifier: Apache-2.0

import Access
import Testing
import Vectors

@Suite("Key files")
struct KeyFileTests {
    static let digest = "sha256:" + String(repeating: "0a", count: 32)
    static let other = "sha256:" + String(repeating: "0b", count: 32)

    @Test("Names, roles, collections and rates are read; comments, blank lines and CR LF are not in the way")
    func reads() throws {
        let keys = try KeyFile.parse(
            "# who\n\nweb read \(Self.digest) collections=shop,test-* rate=600/minute # the shop\r\nops\tadmin \(Self.other)"
        )
        #expect(keys.map(\.name) == ["web", "ops"] && keys.map(\.role) == [.read, .admin])
        #expect(keys[0].collections == ["shop", "test-*"] && keys[0].rate == .init(requests: 600, per: .minute))
        #expect(keys[1].collections == nil && keys[1].rate == nil)
        #expect(try KeyFile.parse("").isEmpty)
    }

    @Test("What it writes it reads back")
    func roundTrip() throws {
        let digest = try #require(ContentDigest(Self.digest))
        for key in [
            AccessKey(name: "a", role: .write, digest: digest),
            AccessKey(
                name: "b.c-d_1", role: .read, digest: digest, collections: ["x", "y*"],
                rate: .init(requests: 5, per: .hour)),
        ] {
            #expect(try KeyFile.parse(KeyFile.line(key)) == [key])
        }
    }

    @Test(
        "A bad line is refused by its number, and nothing of it is repeated",
        arguments: [
            ("web read", .tooShort), ("we\u{fc}b read \(digest)", .badName), ("web root \(digest)", .badRole),
            ("web Read \(digest)", .badRole), ("web read facet_secret", .badDigest),
            ("web read \(digest)0", .badDigest), ("web read \(digest) collections=", .badCollections),
            ("web read \(digest) collections=a,,b", .badCollections),
            ("web read \(digest) collections=a*b", .badCollections), ("web read \(digest) rate=0/second", .badRate),
            ("web read \(digest) rate=5/day", .badRate), ("web read \(digest) rate=-1/hour", .badRate),
            ("web read \(digest) rate=1/hour rate=2/hour", .unknownWord), ("web read \(digest) secret", .unknownWord),
            ("web read \(digest)\nweb read \(other)", .nameTwice),
            ("web read \(digest)\nops read \(digest)", .digestTwice),
        ] as [(String, KeyFileError.Fault)])
    func refuses(text: String, fault: KeyFileError.Fault) {
        let line = text.contains("\n") ? 2 : 1
        let error = #expect(throws: KeyFileError.line(line, fault)) { try KeyFile.parse(text) }
        #expect(error?.description.contains("secret") == false)
    }

    @Test("Any bytes give keys or an error")
    func rubbish() {
        var state: UInt64 = 7
        for _ in 0..<3_000 {
            var text = "web read \(Self.digest) collections=a rate=1/hour\n"
            for _ in 0..<4 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let at = text.unicodeScalars.index(
                    text.unicodeScalars.startIndex, offsetBy: Int(state >> 33) % text.unicodeScalars.count)
                text.unicodeScalars.replaceSubrange(
                    at...at, with: [Unicode.Scalar(UInt8(truncatingIfNeeded: state >> 40))])
            }
            if let keys = try? KeyFile.parse(text) { #expect(keys.count <= 5) }
        }
    }

    @Test("Secrets are long, never the same, and fit a header and an address")
    func secrets() {
        let made = Set((0..<100).map { _ in Secret.random().text })
        #expect(made.count == 100)
        for text in made {
            #expect(text.hasPrefix("facet_") && text.utf8.count == 49)
            #expect(text.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") })
        }
        #expect("\(Secret.random())" == "a key")
    }
}
