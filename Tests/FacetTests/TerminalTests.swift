// SPDX-License-Identifier: Apache-2.0

import Testing
import facet

@Suite("What a terminal is shown")
struct TerminalTests {
    @Test("Colours are used on a terminal only, and not where NO_COLOR is set or the terminal is dumb")
    func colours() {
        func coloured(_ isInteractive: Bool, _ environment: [String: String]) -> Bool {
            let terminal = Terminal(isInteractive: isInteractive, environment: environment, measured: 80)
            return terminal.styled("a", .red) != "a"
        }
        #expect(coloured(true, ["TERM": "xterm"]))
        #expect(coloured(true, ["TERM": "xterm", "NO_COLOR": ""]))
        #expect(!coloured(true, ["TERM": "xterm", "NO_COLOR": "1"]))
        #expect(!coloured(true, ["TERM": "dumb"]))
        #expect(!coloured(false, ["TERM": "xterm"]))
    }

    @Test("The width is the terminal's, else COLUMNS, else 80, and never absurd")
    func width() {
        func columns(_ isInteractive: Bool, _ told: String?, _ measured: Int?) -> Int {
            Terminal(isInteractive: isInteractive, environment: told.map { ["COLUMNS": $0] } ?? [:], measured: measured)
                .columns
        }
        #expect(columns(true, "70", 120) == 120)
        #expect(columns(false, "70", 120) == 70)
        #expect(columns(true, nil, nil) == 80)
        #expect(columns(true, "many", nil) == 80)
        #expect(columns(true, nil, 3) == 40)
        #expect(columns(true, nil, 9_999) == 500)
    }

    @Test("Paragraphs are wrapped and examples are left alone")
    func wrapping() {
        let text = "one two three four\n\n  facet an example that is longer than the line\n\nfive"
        #expect(
            Terminal.wrap(text, columns: 9)
                == "one two\nthree\nfour\n\n  facet an example that is longer than the line\n\nfive")
        #expect(Terminal.wrap("one two three", columns: 7) == "one two\nthree")
        #expect(Terminal.wrap("one two three", columns: 6) == "one\ntwo\nthree")
    }

    @Test("Every help topic fits 80 columns and has an example to copy", arguments: HelpTopic.allCases)
    func topics(topic: HelpTopic) {
        let lines = Terminal.wrap(topic.text, columns: 80).split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 80 })
        #expect(lines.contains { $0.hasPrefix("  facet ") || $0.hasPrefix("  {") })
        #expect(!topic.abstract.isEmpty && topic.abstract.count < 60)
    }

    @Test("A picture in half blocks has two rows a line and the colours of its pixels")
    func halfBlocks() {
        let picture = ContactSheet(
            width: 2, height: 3, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3, 9, 9, 9, 8, 8, 8])
        let lines = TerminalPicture.blocks(picture, columns: 80).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("\u{1B}[38;2;255;0;0m\u{1B}[48;2;0;0;255m\u{2580}\u{1B}[38;2;0;255;0m"))
        #expect(lines[1].contains("\u{1B}[49m") && lines[1].hasSuffix("\u{1B}[0m"))
        let narrow = TerminalPicture.blocks(picture, columns: 1).split(separator: "\n")
        #expect(narrow.count == 1 && narrow[0].contains("38;2;45;45;45m"))
    }

    @Test("Sixels say each colour's columns, with runs counted")
    func sixels() {
        let white = [UInt8](repeating: 255, count: 5 * 6 * 3)
        let text = TerminalPicture.sixel(ContactSheet(width: 5, height: 6, pixels: white))
        #expect(text.hasPrefix("\u{1B}Pq\"1;1;5;6#0;2;0;0;0"))
        #expect(text.hasSuffix("#215!5~-\u{1B}\\"))
    }

    @Test("kitty gets a PNG in pieces of 4096 characters, the last one marked")
    func kittyPieces() {
        var state: UInt32 = 1
        let noise = (0..<90 * 90 * 3).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(state >> 24)
        }
        let pieces = TerminalPicture.kitty(ContactSheet(width: 90, height: 90, pixels: noise))
            .split(separator: "\u{1B}_G").map { $0.split(separator: ";", maxSplits: 1) }
        #expect(pieces.count > 2 && pieces[0][0] == "a=T,f=100,m=1" && pieces.last?[0] == "m=0")
        #expect(pieces.allSatisfy { $0[1].count <= 4_096 + 2 } && pieces[0][1].hasPrefix("iVBORw0KGgo"))
    }
}
