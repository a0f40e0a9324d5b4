// SPDX-License-Identifier: Apache-2.0

/// What Package.swift says about targets, read from its text: names, folders and declared uses.
struct Manifest {
    struct Target: Equatable {
        let name: String
        /// Relative to the package's root, such as `Sources/Tensors`.
        let folder: String
        let uses: [String]
        /// Where the declaration starts, counted from 1.
        let line: Int
    }

    let targets: [Target]

    func target(named name: String) -> Target? {
        targets.first { $0.name == name }
    }

    /// Finds every call that declares a target with a literal name, whether through a helper or SwiftPM's own function.
    init(parsing text: String) {
        let code = text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.replacing(/(^|\s)\/\/.*/, with: "") }.joined(separator: "\n")
        let aliases = Self.aliases(in: code)
        targets = code.matches(of: /(\.?\w+)\(\s*(?:name:\s*)?"([\w-]+)"/).compactMap { match in
            guard let isTest = Self.declarations[String(match.1)] else { return nil }
            let name = String(match.2)
            let body = Self.call(in: code[match.range.lowerBound...])
            let folder = body.firstMatch(of: /path:\s*"([^"]+)"/).map { String($0.1) }
            let implied = match.1 == "tests" ? ["TestSupport"] : []
            return Target(
                name: name, folder: folder ?? (isTest ? "Tests/" : "Sources/") + name,
                uses: Self.uses(in: body, aliases: aliases) + implied,
                line: code[..<match.range.lowerBound].count { $0 == "\n" } + 1)
        }
    }

    /// The functions that declare a target, and whether its folder is below Tests.
    private static let declarations = [
        "module": false, "program": false, "system": false, "tests": true, ".target": false, ".systemLibrary": false,
        ".executableTarget": false, ".testTarget": true,
    ]

    /// `let logging = Target.Dependency.product(name: "Logging", ...)` as `logging: Logging`.
    private static func aliases(in code: String) -> [String: String] {
        let found = code.matches(of: /let (\w+) = Target\.Dependency\.product\(\s*name:\s*"(\w+)"/)
        return Dictionary(found.map { (String($0.1), String($0.2)) }) { first, _ in first }
    }

    /// The text of one call, from its name to the parenthesis that closes it.
    private static func call(in text: Substring) -> Substring {
        var depth = 0
        for index in text.indices {
            if text[index] == "(" { depth += 1 }
            if text[index] == ")" { depth -= 1 }
            if depth == 0, text[index] == ")" { return text[...index] }
        }
        return text
    }

    private static func uses(in body: Substring, aliases: [String: String]) -> [String] {
        guard let list = body.firstMatch(of: /(?:uses|dependencies):\s*\[([^\]]*)\]/) else { return [] }
        return list.1.matches(of: /[\w-]+/).map { aliases[String($0.0)] ?? String($0.0) }
    }
}
