// SPDX-License-Identifier: Apache-2.0

import Testing
import facet

@Suite("Search weights and the manual page")
struct SearchAndManualTests {
    private let spaces = ["invariant", "color", "rotation"]

    @Test("Weights are read for the spaces they name; the others count nothing")
    func weights() throws {
        #expect(try SearchWeights(nil, spaces: spaces).values == [1, 1, 1])
        #expect(try SearchWeights("color=1,invariant=-0.3", spaces: spaces).values == [-0.3, 1, 0])
        #expect(try SearchWeights(" rotation : 2 ", spaces: spaces).values == [0, 0, 2])
    }

    @Test(
        "Weights that mean nothing are refused",
        arguments: [
            "colour=1", "color", "color=", "color=red", "color=nan", "color=1,color=2", "color=0", "", "color=1,",
        ])
    func badWeights(text: String) {
        #expect(throws: (any Error).self) { try SearchWeights(text, spaces: spaces) }
    }

    private static let dump = #"""
        {"command":{"commandName":"facet","abstract":"Pictures.","discussion":".first\n\n  facet go --fast",
         "subcommands":[{"commandName":"go","abstract":"'Go' on.","arguments":[
           {"kind":"option","shouldDisplay":true,"isRepeating":false,"valueName":"speed","defaultValue":"3",
            "names":[{"kind":"long","name":"speed"},{"kind":"short","name":"s"}],"abstract":"How \\fast."},
           {"kind":"flag","shouldDisplay":true,"isRepeating":false,"names":[{"kind":"long","name":"help"}]},
           {"kind":"positional","shouldDisplay":true,"isRepeating":true,"valueName":"path","abstract":"Files."}]},
          {"commandName":"help"}]}}
        """#

    @Test("The manual page has every command, its flags with defaults, and the topics")
    func manual() throws {
        let page = try ManPage(toolInfo: Self.dump, version: "1.2").text
        #expect(page.hasPrefix(".TH \"FACET\" \"1\""))
        #expect(page.contains("facet \\- Pictures\n"))
        #expect(page.contains(".SS \"facet go\"\n\\&'Go' on.\n"))
        #expect(page.contains(".TP\n\\fB\\-\\-speed\\fR, \\fB\\-s\\fR \\fISPEED\\fR\nHow \\efast. (default: 3)\n"))
        #expect(page.contains(".TP\n\\fIPATH\\fR ...\nFiles.\n"))
        #expect(page.contains(".nf\n  facet go \\-\\-fast\n.fi\n"))
        #expect(page.contains("\n\\&.first\n"))
        #expect(!page.contains("help\\fR") && !page.contains("facet help\""))
        for topic in HelpTopic.allCases { #expect(page.contains(".SH \"ON \(topic.rawValue.uppercased())\"")) }
    }
}
