// SPDX-License-Identifier: Apache-2.0

internal import Vectors

/// The text of a key file: a line for each key, `NAME ROLE sha256:DIGEST [collections=A,B*] [rate=N/second|minute|hour]`.
///
/// `#` starts a comment. ``parse(_:)`` refuses a file with one bad line as a whole: half a set of keys is worse than the old one.
package enum KeyFile {
    /// The longest file that is read, in bytes.
    package static let largest = 4 << 20

    package static func parse(_ text: String) throws(KeyFileError) -> [AccessKey] {
        var keys: [AccessKey] = []
        var names: Set<String> = []
        var digests: Set<ContentDigest> = []
        // Not split at the Character "\n": a line that ends in CR LF has one Character for both.
        for (index, bytes) in text.utf8.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            let words = bytes.prefix { $0 != UInt8(ascii: "#") }
                .split { $0 == 32 || $0 == 9 || $0 == 13 }.map { String(decoding: $0, as: UTF8.self) }
            if words.isEmpty { continue }
            let key = try parse(words, line: index + 1)
            guard names.insert(key.name).inserted else { throw .line(index + 1, .nameTwice) }
            guard digests.insert(key.digest).inserted else { throw .line(index + 1, .digestTwice) }
            keys.append(key)
        }
        return keys
    }

    /// The line for a key, as ``parse(_:)`` reads it.
    package static func line(_ key: AccessKey) -> String {
        var words = [key.name, key.role.rawValue, key.digest.description]
        if let collections = key.collections { words.append("collections=" + collections.joined(separator: ",")) }
        if let rate = key.rate { words.append("rate=\(rate)") }
        return words.joined(separator: " ")
    }

    /// Whether `name` may name a key: 1 to 64 of letters, digits, `.`, `_` and `-`.
    package static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count) && name.utf8.allSatisfy { isWordByte($0) }
    }

    /// Reads `N/second`, `N/minute` or `N/hour`.
    package static func rate(_ text: String) -> AccessKey.Rate? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let requests = Int(parts[0]), (1...1_000_000_000).contains(requests),
            let unit = AccessKey.Rate.Unit(rawValue: String(parts[1]))
        else { return nil }
        return AccessKey.Rate(requests: requests, per: unit)
    }

    /// Reads names of collections with commas, each perhaps ending in `*`.
    package static func collections(_ text: String) -> [String]? {
        let entries = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let good = entries.allSatisfy { entry in
            let stem = entry.hasSuffix("*") ? entry.dropLast() : entry[...]
            return !entry.isEmpty && entry.utf8.count <= 128 && stem.utf8.allSatisfy(isWordByte)
        }
        return good ? entries : nil
    }

    private static func parse(_ words: [String], line: Int) throws(KeyFileError) -> AccessKey {
        guard words.count >= 3 else { throw .line(line, .tooShort) }
        guard isName(words[0]) else { throw .line(line, .badName) }
        guard let role = Role(rawValue: words[1]) else { throw .line(line, .badRole) }
        guard let digest = ContentDigest(words[2]) else { throw .line(line, .badDigest) }
        var allowed: [String]?
        var limit: AccessKey.Rate?
        for word in words.dropFirst(3) {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            switch (parts[0], parts.last) {
            case ("collections", let value?) where parts.count == 2 && allowed == nil:
                guard let names = collections(value) else { throw .line(line, .badCollections) }
                allowed = names
            case ("rate", let value?) where parts.count == 2 && limit == nil:
                guard let rate = rate(value) else { throw .line(line, .badRate) }
                limit = rate
            default: throw .line(line, .unknownWord)
            }
        }
        return AccessKey(name: words[0], role: role, digest: digest, collections: allowed, rate: limit)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }
}

/// Why a key file was not taken; the line's text is never part of it, for a secret may stand there by mistake.
package enum KeyFileError: Error, Equatable, Sendable, CustomStringConvertible {
    case unreadable(path: String)
    case tooLarge(path: String)
    case line(Int, Fault)

    package enum Fault: Sendable, Equatable {
        case tooShort, badName, badRole, badDigest, badCollections, badRate, unknownWord, nameTwice, digestTwice
    }

    package var description: String {
        switch self {
        case .unreadable(let path): "cannot read the key file \(path)"
        case .tooLarge(let path): "the key file \(path) is longer than \(KeyFile.largest) bytes"
        case .line(let number, let fault): "line \(number) of the key file: \(fault.description)"
        }
    }
}

extension KeyFileError.Fault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooShort: "a key is NAME ROLE sha256:DIGEST; make one with 'facet keys new'"
        case .badName: "a name has 1 to 64 letters, digits, dots, dashes or underscores"
        case .badRole: "a role is read, write or admin"
        case .badDigest: "the third word is sha256: and 64 lower-case hexadecimal digits, never the key itself"
        case .badCollections: "collections=A,B* holds names with commas, each perhaps ending in *"
        case .badRate: "a rate is rate=N/second, rate=N/minute or rate=N/hour"
        case .unknownWord: "only collections= and rate= may follow, each once"
        case .nameTwice: "the name is already taken by a line above"
        case .digestTwice: "the same key stands in a line above"
        }
    }
}
