// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Reports

/// A picture as bytes that a file or a terminal understands.
package enum TerminalPicture {
    /// A PNG file.
    static func png(_ sheet: ContactSheet) -> [UInt8] {
        PNGWriter.encode(width: sheet.width, height: sheet.height, rgb: sheet.pixels)
    }

    /// Half blocks with 24-bit colours, two pixels a character, at most `columns` characters wide.
    package static func blocks(_ sheet: ContactSheet, columns: Int) -> String {
        let width = min(sheet.width, max(1, columns))
        let height = max(1, sheet.height * width / sheet.width)
        func colour(_ x: Int, _ y: Int) -> String {
            let (from, to) = (x * sheet.width / width, max((x + 1) * sheet.width / width, x * sheet.width / width + 1))
            let (top, end) = (y * sheet.height / height, (y + 1) * sheet.height / height)
            return mean(sheet, from..<to, top..<max(end, top + 1)).map(String.init).joined(separator: ";")
        }
        return stride(from: 0, to: height, by: 2).map { y in
            (0..<width).map { x in
                let below = y + 1 < height ? "\u{1B}[48;2;\(colour(x, y + 1))m" : "\u{1B}[49m"
                return "\u{1B}[38;2;\(colour(x, y))m\(below)\u{2580}"
            }.joined() + "\u{1B}[0m"
        }.joined(separator: "\n")
    }

    private static func mean(_ sheet: ContactSheet, _ columns: Range<Int>, _ rows: Range<Int>) -> [Int] {
        var sums = [0, 0, 0]
        for y in rows {
            for x in columns {
                for channel in 0..<3 { sums[channel] += Int(sheet.pixels[(y * sheet.width + x) * 3 + channel]) }
            }
        }
        return sums.map { $0 / (columns.count * rows.count) }
    }

    /// The graphics protocol of kitty: a PNG file in base64, in pieces of 4096 characters.
    package static func kitty(_ sheet: ContactSheet) -> String {
        var rest = Data(png(sheet)).base64EncodedString()[...]
        var (out, control) = ("", "a=T,f=100,")
        while !rest.isEmpty {
            let piece = rest.prefix(4_096)
            rest = rest.dropFirst(piece.count)
            out += "\u{1B}_G\(control)m=\(rest.isEmpty ? 0 : 1);\(piece)\u{1B}\\"
            control = ""
        }
        return out
    }

    /// Sixel graphics (DEC STD 070) in a cube of 6 x 6 x 6 colours.
    package static func sixel(_ sheet: ContactSheet) -> String {
        var out = "\u{1B}Pq\"1;1;\(sheet.width);\(sheet.height)"
        for colour in 0..<216 { out += "#\(colour);2;\(colour / 36 * 20);\(colour / 6 % 6 * 20);\(colour % 6 * 20)" }
        for top in stride(from: 0, to: sheet.height, by: 6) {
            var masks: [Int: [UInt8]] = [:]
            for y in top..<min(top + 6, sheet.height) {
                for x in 0..<sheet.width {
                    let place = (y * sheet.width + x) * 3
                    let parts = (0..<3).map { (Int(sheet.pixels[place + $0]) * 5 + 127) / 255 }
                    let colour = parts[0] * 36 + parts[1] * 6 + parts[2]
                    masks[colour, default: [UInt8](repeating: 0, count: sheet.width)][x] |= 1 << UInt8(y - top)
                }
            }
            let rows = masks.sorted { $0.key < $1.key }.map { "#\($0.key)" + runs($0.value) }
            out += rows.joined(separator: "$") + "-"
        }
        return out + "\u{1B}\\"
    }

    /// One line of one colour, with runs of more than three counted.
    private static func runs(_ masks: [UInt8]) -> String {
        var (out, start) = ("", 0)
        while start < masks.count {
            let end = masks[start...].firstIndex { $0 != masks[start] } ?? masks.count
            let character = String(UnicodeScalar(63 + masks[start]))
            out += end - start > 3 ? "!\(end - start)\(character)" : String(repeating: character, count: end - start)
            start = end
        }
        return out
    }
}
