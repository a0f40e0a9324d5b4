// SPDX-License-Identifier: Apache-2.0

/// The name of one embedding space of a model, as callers write it in `spaces=`.
///
/// A head is named after the one factor it is sensitive to (`color`, `rotation`, ...); the names come from the
/// checkpoint's `model.json`, never from code. Three names are reserved because they mean the same in every model:
/// ``backbone``, ``invariant`` and ``concat``. `<head>.representation` names a head's other output where it differs.
///
///     let space = SpaceName("color")!
package struct SpaceName: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The name's text: 1 to 64 characters out of `a-z A-Z 0-9 _ - .`, beginning with a letter.
    package let text: String

    /// Pooled output of the backbone, the paper's V.
    package static let backbone = SpaceName(unchecked: "backbone")
    /// The head that is invariant to every augmentation, the paper's Z0.
    package static let invariant = SpaceName(unchecked: "invariant")
    /// The concatenation of all heads' representations, each L2-normalised (LooC++).
    package static let concat = SpaceName(unchecked: "concat")

    /// Returns nil when `text` is not a well-formed space name.
    package init?(_ text: String) {
        guard Self.isWellFormed(text) else { return nil }
        self.text = text
    }

    private init(unchecked text: String) {
        self.text = text
    }

    /// The space of this head's representation (the features its projection is computed from).
    package var representation: SpaceName { SpaceName(unchecked: text + ".representation") }

    package var description: String { text }

    private static func isWellFormed(_ text: String) -> Bool {
        guard (1...64).contains(text.utf8.count), let first = text.utf8.first, isLetter(first) else { return false }
        return text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == 0x5F || $0 == 0x2D || $0 == 0x2E }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let name = SpaceName(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a space name"))
        }
        self = name
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
