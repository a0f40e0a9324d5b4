// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Catalog

/// `--thumbnails SIDE|none`, for every command that has it.
enum ThumbnailOption {
    /// The rule that the text says; nil where there is none.
    static func rule(_ text: String?) throws -> ThumbnailRule? {
        guard let text else { return nil }
        guard let rule = ThumbnailRule(text) else {
            let sides = ThumbnailRule.sides
            throw ValidationError(
                "'thumbnails' is the pixels of the longer side, \(sides.lowerBound) to \(sides.upperBound), or 'none'; not '\(text)'."
            )
        }
        return rule
    }
}
