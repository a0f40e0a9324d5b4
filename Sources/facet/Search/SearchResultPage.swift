// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Foundation
internal import Reports
internal import Vectors

/// What a search found as pictures: a row for the weights, then one for each space alone.
struct SearchResultPage {
    /// The file or item that was asked with.
    let asked: String
    let search: SnapshotSearch
    let answer: SnapshotSearch.Answer
    let pictures: SearchPictures

    private var spaces: [String] { search.record.definition.spaces.map(\.name.text) }

    /// The rows with their titles and what they are.
    private var rows: [(title: String, note: String, hits: [SnapshotSearch.Hit])] {
        let weights = zip(spaces, search.weights.values).map { "\($0) \(Self.weight($1))" }.joined(separator: ", ")
        let alone = zip(spaces, answer.alone).map { ($0, "this space alone", $1) }
        return [("All together", weights, answer.combined)] + alone
    }

    private static func weight(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e6 ? String(Int(value)) : String(value)
    }

    /// The pictures of every row below the one asked with.
    func sheet() -> ContactSheet {
        let query = SearchPictures.decoded(pictures.query)
        return ContactSheet(
            [[query]] + rows.map { row in row.hits.map { SearchPictures.decoded(pictures.bytes(of: $0)) } }, side: 96)
    }

    /// A page that fetches nothing.
    func html() -> String {
        let name = search.record.definition.name.text
        let title = "Nearest to \((asked as NSString).lastPathComponent) in \(name)"
        var out = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(HTMLText.escape(title))</title>
            <style>\(Self.style)</style>
            </head>
            <body>
            <header>\(image(pictures.query, of: asked))
            <div><h1>\(HTMLText.escape(title))</h1>
            <p>\(search.record.items) items, model \(HTMLText.escape(search.record.definition.model.text)).
            The number is the score of the row; the others are in the tooltip.</p></div></header>

            """
        for row in rows {
            out += "<section><h2>\(HTMLText.escape(row.title)) <small>\(HTMLText.escape(row.note))</small></h2>\n<ol>\n"
            for hit in row.hits { out += figure(hit) }
            out += row.hits.isEmpty ? "</ol><p>No item matches.</p></section>\n" : "</ol></section>\n"
        }
        return out + "</body>\n</html>\n"
    }

    private func figure(_ hit: SnapshotSearch.Hit) -> String {
        let id = hit.item.id.text
        let scores = zip(spaces, hit.cosines).map { "\($0) \(SearchListing.number($1))" }.joined(separator: "\n")
        return "<li title=\"\(HTMLText.escape(id + "\n" + scores))\">\(image(pictures.bytes(of: hit), of: id))"
            + "<b>\(SearchListing.number(hit.score))</b><span>\(HTMLText.escape(id))</span></li>\n"
    }

    private func image(_ bytes: [UInt8]?, of id: String) -> String {
        guard let bytes else { return "<i>no picture kept</i>" }
        let data = Data(bytes).base64EncodedString()
        return "<img alt=\"\(HTMLText.escape(id))\" src=\"data:image/jpeg;base64,\(data)\">"
    }

    private static let style = """
        :root { --ink: #1c1f24; --soft: #5b6470; --page: #fbfbfa; --line: #d9dce0 }
        @media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #a2aab4; --page: #15181c; --line: #363c44 } }
        body { margin: 1.5rem; color: var(--ink); background: var(--page); font: 15px/1.4 system-ui, sans-serif }
        header { display: flex; gap: 1rem; align-items: center }
        h1 { font-size: 1.3rem; margin: 0; overflow-wrap: anywhere } h2 { font-size: 1rem; margin: 1.2rem 0 .4rem }
        small, p, span { color: var(--soft); font-weight: normal }
        ol { display: flex; gap: .6rem; overflow-x: auto; margin: 0; padding: 0 0 .4rem; list-style: none }
        li { flex: 0 0 118px; display: flex; flex-direction: column; border: 1px solid var(--line); border-radius: 6px;
             padding: 6px; box-sizing: border-box }
        img, i { width: 104px; height: 104px; object-fit: contain; background: #fff; border-radius: 3px }
        i { display: grid; place-items: center; color: #5b6470; text-align: center; font-size: 12px }
        b { font-variant-numeric: tabular-nums } span { font-size: 12px; overflow-wrap: anywhere }
        """
}
