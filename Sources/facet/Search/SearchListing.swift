// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import EmbeddingAPI
internal import Foundation
internal import Vectors

/// The hits of a search as text.
struct SearchListing {
    let spaces: [String]
    let hits: [SnapshotSearch.Hit]

    /// A line for each hit: rank, score, the cosine in each space, the item.
    func table(_ terminal: Terminal) -> String {
        guard !hits.isEmpty else { return "no item matches\n" }
        let widths = spaces.map { max(7, $0.count) }
        let header =
            "rank    score"
            + zip(spaces, widths).map { "  " + Self.right($0, $1) }.joined() + "  item"
        var out = terminal.styled(header, .faint) + "\n"
        for (place, hit) in hits.enumerated() {
            let score = Self.right(Self.number(hit.score), 7)
            let cosines = zip(hit.cosines, widths).map { "  " + Self.right(Self.number($0), $1) }.joined()
            out += Self.right("\(place + 1)", 4) + "  " + terminal.styled(score, .bold) + cosines
            out += "  " + Self.printable(hit.item.id.text) + "\n"
        }
        return out
    }

    /// A line of JSON for each hit, with what a server answers for it.
    func json() -> String {
        hits.map { hit in
            var line = JSONWriter()
            line.object { out in
                out.field("id", hit.item.id.text)
                out.field("score", hit.score)
                out.key("scores")
                out.object { scores in
                    for (space, cosine) in zip(spaces, hit.cosines) { scores.field(space, cosine) }
                }
                out.key("metadata")
                out.raw(hit.item.metadata.text)
            }
            return String(decoding: line.bytes, as: UTF8.self) + "\n"
        }.joined()
    }

    static func number(_ value: Double) -> String { String(format: "%.4f", value) }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// An id without anything that a terminal would obey.
    static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}
