// SPDX-License-Identifier: Apache-2.0

package import Vectors

/// A key as its owner holds it: `facet_` and 43 characters for 32 random bytes.
///
/// It exists as text only where it is made and where it is presented; ``description`` does not show it.
package struct Secret: Sendable, CustomStringConvertible {
    /// What the owner sends.
    package let text: String

    /// A new one, from the system's random numbers.
    package static func random() -> Secret {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return Secret(text: "facet_" + base64(bytes))
    }

    /// What is kept of it.
    package var digest: ContentDigest { ContentDigest(of: text.utf8) }

    package var description: String { "a key" }

    /// Base64 for URLs without padding (RFC 4648, section 5).
    private static func base64(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var out: [UInt8] = []
        for first in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[first..<min(bytes.count, first + 3)]
            var bits = group.reduce(0) { $0 << 8 | UInt32($1) }
            bits <<= UInt32(8 * (3 - group.count))
            for place in 0...group.count { out.append(digits[Int(bits >> UInt32(18 - 6 * place) & 63)]) }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
