// SPDX-License-Identifier: Apache-2.0

private import Foundation

/// A picture that is part of the page itself.
package struct EmbeddedImage: Sendable, Equatable {
    let type: String
    /// The file.
    package let bytes: [UInt8]

    /// A PNG file as it is.
    package init(png bytes: [UInt8]) {
        (type, self.bytes) = ("image/png", bytes)
    }

    /// A JPEG file as it is.
    package init(jpeg bytes: [UInt8]) {
        (type, self.bytes) = ("image/jpeg", bytes)
    }

    /// Pixels row after row, three bytes each, red first.
    package init(width: Int, height: Int, rgb: [UInt8]) {
        self.init(png: PNGWriter.encode(width: width, height: height, rgb: rgb))
    }

    var address: String {
        "data:\(type);base64,\(Data(bytes).base64EncodedString())"
    }
}

/// Rows of pictures: what was asked for, and what was found.
package struct ImageStrip: Block {
    package enum Mark: String, Sendable {
        case none, hit, miss
    }

    package struct Tile: Sendable {
        let image: EmbeddedImage
        let caption: String
        let mark: Mark

        /// `caption` also stands for the picture where pictures are not seen.
        package init(_ image: EmbeddedImage, caption: String, mark: Mark = .none) {
            self.image = image
            self.caption = caption
            self.mark = mark
        }
    }

    package struct Row: Sendable {
        let name: String
        let query: Tile?
        let tiles: [Tile]

        /// `query` is set apart from the tiles.
        package init(_ name: String, query: Tile? = nil, tiles: [Tile]) {
            self.name = name
            self.query = query
            self.tiles = tiles
        }
    }

    private let title: String
    private let detail: String
    private let rows: [Row]

    package init(title: String, detail: String = "", rows: [Row]) {
        self.title = title
        self.detail = detail
        self.rows = rows
    }

    package func render(into page: inout PageWriter) {
        let caption = ChartCaption(title: title, detail: detail)
        caption.open(&page)
        for row in rows {
            page.element("p", row.name, attributes: " class=\"soft\"")
            page.markup(
                "<div class=\"strip\" tabindex=\"0\" role=\"group\" aria-label=\"\(HTMLText.escape(row.name))\">")
            if let query = row.query { render(query, classes: "tile first", into: &page) }
            for tile in row.tiles {
                render(tile, classes: tile.mark == .none ? "tile" : "tile \(tile.mark.rawValue)", into: &page)
            }
            page.markup("</div>\n")
        }
        caption.close(&page)
    }

    private func render(_ tile: Tile, classes: String, into page: inout PageWriter) {
        let sign = tile.mark == .hit ? "✓ " : tile.mark == .miss ? "✗ " : ""
        page.markup("<div class=\"\(classes)\"><img src=\"\(tile.image.address)\" loading=\"lazy\" alt=\"\">")
        page.element("span", sign + tile.caption)
        page.markup("</div>")
    }
}
