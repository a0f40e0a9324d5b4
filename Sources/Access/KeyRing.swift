// SPDX-License-Identifier: Apache-2.0

internal import Vectors

/// The keys of one key file, found by what a client presents.
///
/// Immutable; a reload makes another one.
struct KeyRing: Sendable {
    private let byPrefix: [UInt64: [AccessKey]]
    let count: Int

    init(_ keys: [AccessKey]) {
        byPrefix = Dictionary(grouping: keys) { Self.prefix($0.digest) }
        count = keys.count
    }

    /// The key whose digest is that of `presented`; nil for none.
    ///
    /// What is compared is the digest, whose bytes a client cannot steer, and all 32 of them every time.
    func find(_ presented: String) -> AccessKey? {
        let digest = ContentDigest(of: presented.utf8)
        return byPrefix[Self.prefix(digest)]?.first { Self.equal($0.digest.bytes, digest.bytes) }
    }

    private static func prefix(_ digest: ContentDigest) -> UInt64 {
        digest.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Equality in a time that does not depend on where the two differ.
    static func equal(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        var difference: UInt8 = 0
        for index in a.indices { difference |= a[index] ^ b[index] }
        return difference == 0
    }
}
