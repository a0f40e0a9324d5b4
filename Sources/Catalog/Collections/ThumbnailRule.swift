// SPDX-License-Identifier: Apache-2.0

/// Whether small pictures of the items are kept beside their vectors, and how large.
package enum ThumbnailRule: Hashable, Sendable, CustomStringConvertible {
    case none
    /// Pixels of the longer side at most: 16 to 1,024.
    case side(Int)

    /// What a service does unless it is told otherwise: 160 pixels.
    package static let usual = ThumbnailRule.side(160)
    /// Sides that may be asked for.
    package static let sides = 16...1_024

    /// Reads `none` or a number of pixels; nil for anything else.
    package init?(_ text: String) {
        if text == "none" {
            self = .none
        } else if let side = Int(text), Self.sides.contains(side) {
            self = .side(side)
        } else {
            return nil
        }
    }

    /// The rule that a row stores: 0 for none, else the side; nil for anything else.
    package init?(stored: Int64) {
        if stored == 0 {
            self = .none
        } else if let side = Int(exactly: stored), Self.sides.contains(side) {
            self = .side(side)
        } else {
            return nil
        }
    }

    /// Pixels of the longer side; nil for none.
    package var pixels: Int? { if case .side(let pixels) = self { pixels } else { nil } }

    /// What a row stores for the rule.
    package var stored: Int64 { Int64(pixels ?? 0) }

    package var description: String { pixels.map(String.init) ?? "none" }
}
