// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Vectors

/// One share of a list of files that several processes divide among themselves: `i/n`, with i from 0 to n - 1.
///
/// A file's share is the first eight bytes of its path's SHA-256, the most significant first, modulo n: the same on every
/// machine, whatever other files there are.
package struct Shard: Hashable, Sendable {
    package let index: Int
    package let count: Int
    private static let most = 1_000_000

    /// - Throws: for anything but `i/n` with 0 <= i < n <= 1,000,000.
    package init(_ text: String) throws {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let index = parts[0], let count = parts[1], (1...Self.most).contains(count),
            (0..<count).contains(index)
        else {
            throw ValidationError(
                "--shard is i/n, such as 0/8 for the first of eight and 7/8 for the last; not '\(text)'.")
        }
        (self.index, self.count) = (index, count)
    }

    /// Whether the file of that path, within its folder or as a list has it, belongs to this share.
    package func holds(_ path: String) -> Bool {
        let number = ContentDigest(of: Array(path.utf8)).bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return number % UInt64(count) == UInt64(index)
    }
}
