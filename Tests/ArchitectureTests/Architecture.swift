// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The layers of the package, as data: a target imports only from lower ones.
enum Layers {
    /// Targets of ours by layer.
    static let table: [String: Int] = {
        let layers: [[String]] = [
            [
                "COpenBLAS", "CPNG", "CJPEG", "CWebP", "CCrypto", "CLinux", "CKernels", "Telemetry", "Vectors", "Tensors",
                "ImageDecoding",
            ],
            ["Kernels", "Checkpoints", "Preprocessing", "HTTPServer"], ["Networks"], ["ModelFolders"],
            ["EmbeddingPipeline"], ["EmbeddingAPI"], ["facet", "facet-bench"],
        ]
        return Dictionary(
            uniqueKeysWithValues: layers.enumerated().flatMap { layer, names in names.map { ($0, layer) } })
    }()

    /// C targets: Swift targets of layer 0 may import them.
    static func isC(_ name: String) -> Bool {
        name.hasPrefix("C") && name.dropFirst().first?.isUppercase == true && name != "Checkpoints"
    }

    /// The serving half, which never sees tensors.
    static let serving: Set<String> = ["HTTPServer", "EmbeddingAPI"]
    static let compute: Set<String> = ["Tensors", "Kernels", "Networks", "CKernels", "COpenBLAS"]
}

/// One import of a module of ours.
struct ImportLine: Equatable {
    let module: String
    let line: Int
}

/// What breaks the architecture in one file of `target`, which declares `uses`: a sentence each with the line.
func violations(in source: String, target: String, uses: Set<String>) -> [String] {
    imports(source).compactMap { found in
        guard let layer = Layers.table[found.module] else { return nil }
        let own = Layers.table[target] ?? -1
        if !uses.contains(found.module) { return "\(found.line): imports \(found.module), which Package.swift does not list" }
        let isLower = layer < own || (own == 0 && Layers.isC(found.module))
        if !isLower { return "\(found.line): imports \(found.module), which is not in a lower layer" }
        if Layers.serving.contains(target), Layers.compute.contains(found.module) {
            return "\(found.line): the serving half imports \(found.module)"
        }
        return nil
    }
}

/// The modules that a Swift file imports.
func imports(_ source: String) -> [ImportLine] {
    source.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
        let words = line.split(separator: " ").map(String.init)
        guard let at = words.firstIndex(of: "import"), at + 1 < words.count,
            words[..<at].allSatisfy({ ["package", "internal", "private", "public", "fileprivate"].contains($0) })
        else { return nil }
        return ImportLine(module: words[at + 1], line: index + 1)
    }
}

/// House rules that a file's text can break: a sentence each with the line.
func houseRuleViolations(in source: String) -> [String] {
    let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
    var found: [String] = []
    if lines.count > 500 { found.append("1: \(lines.count) lines; the limit is 500") }
    if !lines.prefix(2).contains(where: { $0.contains("SPDX-License-Identifier: Apache-2.0") }) {
        found.append("1: no SPDX line")
    }
    for (index, line) in lines.enumerated() {
        for word in ["try!", "fatalError(", "TODO", "FIXME", "/root/", "/home/"] where line.contains(word) {
            found.append("\(index + 1): \(word)")
        }
        let isCode = !line.trimmingCharacters(in: .whitespaces).hasPrefix("//")
        if isCode, line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)") {
            let before = lines[max(0, index - 8)..<index]
            if !before.contains(where: { $0.contains("//") && $0.contains("@unchecked Sendable") }) {
                found.append("\(index + 1): an unchecked mark without its reason beside it")
            }
        }
    }
    return found
}
