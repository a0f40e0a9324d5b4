// SPDX-License-Identifier: Apache-2.0

/// The name of a model folder under `models/`, and the `model` of a request.
///
/// Well-formed names cannot leave the models folder: no separators, no leading dot, at most 128 characters out of
/// `a-z A-Z 0-9 _ - .`.
package struct ModelID: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    /// Returns nil when `text` is not a well-formed model name.
    package init?(_ text: String) {
        let bytes = text.utf8
        guard (1...128).contains(bytes.count), bytes.first != 0x2E, bytes.allSatisfy(Self.isAllowed) else { return nil }
        self.text = text
    }

    package var description: String { text }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D, 0x2E: true
        default: false
        }
    }
}
