// SPDX-License-Identifier: Apache-2.0

/// The rules inside one file of Sources.
enum HouseRules {
    static let longestFile = 500
    static let licence = "// SPDX-License-Identifier: Apache-2.0"
    /// Marks that take checking away from the compiler.
    static let marks = ["@unchecked Sendable", "nonisolated(unsafe)"]

    static func check(_ file: SourceFile) -> [Violation] {
        checkShape(file) + checkWords(file) + checkMarks(file)
    }

    private static func checkShape(_ file: SourceFile) -> [Violation] {
        var found: [Violation] = []
        if file.lines.first.map(String.init) != licence {
            found.append(Violation(path: file.path, line: 1, message: "the first line is not '\(licence)'"))
        }
        let count = file.lines.last == "" ? file.lines.count - 1 : file.lines.count
        if count > longestFile {
            found.append(
                Violation(path: file.path, line: count, message: "\(count) lines; \(longestFile) are the most"))
        }
        return found
    }

    /// Words that do not belong into Sources, in code or comments.
    private static func checkWords(_ file: SourceFile) -> [Violation] {
        let rules: [(Regex<Substring>, String)] = [
            (/\btry!/, "'try!' traps on what may be input"),
            (/\bfatalError\(/, "a fatal error; throw, or state the broken promise in a precondition"),
            (/\b(?:TODO|FIXME|XXX)\b/, "unfinished work belongs into an issue"),
            (/(?:^|[\s"'`(=])\/(?:home|root|Users|work|workspace|mnt|tmp)\//, "the path of some machine"),
        ]
        return file.lines.enumerated().flatMap { number, line in
            rules.filter { line.contains($0.0) }.map {
                Violation(path: file.path, line: number + 1, message: $0.1)
            }
        }
    }

    /// Each mark must be named and explained in a comment on its line or in the declaration's lines above.
    private static func checkMarks(_ file: SourceFile) -> [Violation] {
        markedLines(file).flatMap { number, found in
            found.filter { !isExplained($0, at: number, in: file) }.map {
                Violation(path: file.path, line: number + 1, message: "no comment beside it explains '\($0)'")
            }
        }
    }

    private static func isExplained(_ mark: String, at number: Int, in file: SourceFile) -> Bool {
        if comment(of: file.lines[number]).contains(mark) { return true }
        for line in file.lines[..<number].reversed() {
            let code = code(of: line).trimming(while: \.isWhitespace)
            let note = comment(of: line)
            if note.contains(mark) { return true }
            if note.isEmpty && code.isEmpty || code.hasSuffix("{") || code.hasSuffix("}") { return false }
        }
        return false
    }

    /// How many marks the code of each module has; modules without one are left out.
    static func countMarks(_ files: [SourceFile]) -> [String: Int] {
        var counts: [String: Int] = [:]
        for file in files {
            let count = markedLines(file).reduce(0) { $0 + $1.marks.count }
            if count > 0 { counts[file.module, default: 0] += count }
        }
        return counts
    }

    private static func markedLines(_ file: SourceFile) -> [(number: Int, marks: [String])] {
        guard file.isSwift else { return [] }
        return file.lines.enumerated().compactMap { number, line in
            let code = code(of: line)
            let found = marks.filter { code.contains($0) }
            return found.isEmpty ? nil : (number, found)
        }
    }

    private static func code(of line: Substring) -> Substring {
        line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
    }

    private static func comment(of line: Substring) -> Substring {
        line.firstRange(of: "//").map { line[$0.lowerBound...] } ?? ""
    }
}

extension Substring {
    fileprivate func trimming(while predicate: (Character) -> Bool) -> Substring {
        var rest = drop(while: predicate)
        while let last = rest.last, predicate(last) { rest.removeLast() }
        return rest
    }
}
