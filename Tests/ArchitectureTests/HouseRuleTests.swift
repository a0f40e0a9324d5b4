// SPDX-License-Identifier: Apache-2.0

import Testing

/// The house rules against planted violations.
@Suite("House rule checker")
struct HouseRuleTests {
    private static let licence = HouseRules.licence

    private func check(_ body: String, licence: String = licence) -> [String] {
        let file = SourceFile(path: "Sources/Low/A.swift", text: licence + "\n" + body + "\n")
        return HouseRules.check(file).map { "\($0.line): \($0.message)" }
    }

    @Test("A file that keeps the rules is passed")
    func passesGoodFile() {
        #expect(check("let a = try? b()\nlet c = retry!\n// http://host/home/x and /etc/hosts").isEmpty)
    }

    @Test(
        "A file without the licence line is found",
        arguments: ["", "// Copyright", "// SPDX-License-Identifier: MIT"])
    func findsMissingLicence(line: String) {
        #expect(check("let a = 1", licence: line).count == 1)
    }

    @Test("500 lines pass and 501 do not")
    func findsLongFile() {
        #expect(check(Array(repeating: "a()", count: 499).joined(separator: "\n")).isEmpty)
        #expect(
            check(Array(repeating: "a()", count: 500).joined(separator: "\n")) == ["501: 501 lines; 500 are the most"])
    }

    @Test(
        "Traps, unfinished work and paths of machines are found on their line",
        arguments: [
            "let a = try" + "! b()", "fatal" + "Error(\"no\")", "// TO" + "DO: later", "/// FIX" + "ME",
            "let path = \"/ho" + "me/me/x\"", "open(/ro" + "ot/x)", "// see `/tm" + "p/log`",
        ])
    func findsWords(line: String) {
        let found = check("let a = 1\n" + line)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("3: ") == true)
    }

    @Test(
        "A mark explained beside it is passed",
        arguments: [
            "/// `@unchecked Sendable`: freed once.\nfinal class A: @unchecked Sendable {}",
            "// nonisolated(unsafe): set before threads start.\n@frozen\nnonisolated(unsafe) var a = 1",
            "var a = 1\nclass A: @unchecked Sendable {}  // @unchecked Sendable: constant",
            "/// `@unchecked Sendable`: constant.\nfinal class A:\n    Base, @unchecked Sendable\n{}",
        ])
    func passesExplainedMark(text: String) {
        #expect(check(text).isEmpty)
    }

    @Test(
        "A mark without its explanation is found",
        arguments: [
            "final class A: @unchecked Sendable {}",
            "/// A box.\nfinal class A: @unchecked Sendable {}",
            "/// `@unchecked Sendable`: freed once.\n\nfinal class A: @unchecked Sendable {}",
            "/// `@unchecked Sendable`: freed once.\nstruct B {\nnonisolated(unsafe) var a = 1",
            "// @unchecked Sendable\nnonisolated(unsafe) var a = 1",
        ])
    func findsUnexplainedMark(text: String) {
        #expect(check(text).count == 1)
    }

    @Test("Marks are counted per module, in code and not in comments")
    func countsMarks() {
        let marked = "/// `@unchecked Sendable`: x\nclass A: @unchecked Sendable {}\nnonisolated(unsafe) var a = 1"
        let files = [
            SourceFile(path: "Sources/Low/A.swift", text: marked),
            SourceFile(path: "Sources/Low/Deep/B.swift", text: marked),
            SourceFile(path: "Sources/High/C.swift", text: "let a = 1"),
            SourceFile(path: "Sources/CLow/c.c", text: "nonisolated(unsafe)"),
        ]
        #expect(HouseRules.countMarks(files) == ["Low": 4])
    }
}
