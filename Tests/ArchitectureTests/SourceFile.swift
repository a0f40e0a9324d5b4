// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// A file of the tree as text.
struct SourceFile {
    /// Relative to the package's root, such as `Sources/Tensors/Tensor.swift`.
    let path: String
    let lines: [Substring]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The folder below Sources: the module the file belongs to.
    var module: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    var isSwift: Bool { path.hasSuffix(".swift") }

    struct Import: Equatable {
        let module: String
        /// Counted from 1.
        let line: Int
    }

    /// Every import statement, whatever its attributes and access level.
    var imports: [Import] {
        lines.enumerated().compactMap { number, line in
            guard line.contains("import"), let match = line.prefixMatch(of: Self.statement) else { return nil }
            return Import(module: String(match.1), line: number + 1)
        }
    }

    private static var statement: Regex<(Substring, Substring)> {
        /\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:\w+\s+)?import\s+(?:(?:struct|class|enum|protocol|typealias|func|var|let)\s+)?(\w+).*/
    }
}

/// A broken rule, printed as `file:line: message`.
struct Violation: CustomStringConvertible, Equatable {
    let path: String
    let line: Int
    let message: String

    var description: String { "\(path):\(line): \(message)" }
}

extension [Violation] {
    /// One a line, for the message of a failed expectation.
    var report: String { map(\.description).joined(separator: "\n") }
}

/// The tree that these tests are part of.
enum Tree {
    static func text(_ path: String) throws -> String {
        try String(contentsOf: Golden.root.appendingPathComponent(path), encoding: .utf8)
    }

    /// Every file below `folder` with one of the endings, in order; nothing hidden.
    static func files(below folder: String, endings: [String]) throws -> [SourceFile] {
        let root = Golden.root.appendingPathComponent(folder).resolvingSymlinksInPath()
        let names = try FileManager.default.subpathsOfDirectory(atPath: root.path).sorted()
        let wanted = names.filter { name in
            !"/\(name)".contains("/.") && endings.contains { name.hasSuffix($0) }
        }
        return try wanted.map { try SourceFile(path: "\(folder)/\($0)", text: text("\(folder)/\($0)")) }
    }

    /// Names of the folders directly below `folder`.
    static func folders(in folder: String) throws -> [String] {
        let root = Golden.root.appendingPathComponent(folder)
        return try FileManager.default.contentsOfDirectory(atPath: root.path).sorted().filter { name in
            var isFolder: ObjCBool = false
            let path = root.appendingPathComponent(name).path
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
        }
    }
}
