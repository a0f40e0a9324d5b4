// SPDX-License-Identifier: Apache-2.0

/// The rules between modules: who may use whom.
struct LayerRules {
    let table: LayerTable
    let manifest: Manifest

    /// What Package.swift declares, held against the table; `folders` are the names below Sources.
    func checkManifest(folders: [String]) -> [Violation] {
        let modules = manifest.targets.filter { $0.folder.hasPrefix("Sources/") }
        let names = Set(modules.map(\.name))
        let declared = modules.flatMap(check)
        let missing = table.targets.filter { !names.contains($0) }.map {
            Violation(path: "Package.swift", line: 1, message: "\($0) is in the layer table but no target")
        }
        let stray = folders.filter { !names.contains($0) }.map {
            Violation(path: "Sources/\($0)", line: 1, message: "the folder is no target of Package.swift")
        }
        return declared + missing + stray
    }

    private func check(_ target: Manifest.Target) -> [Violation] {
        guard let row = table.row(of: target.name) else {
            let message = "\(target.name) is in no layer of the table"
            return [Violation(path: "Package.swift", line: target.line, message: message)]
        }
        return target.uses.compactMap { used in
            guard let other = table.row(of: used), other >= row else { return nil }
            return Violation(path: "Package.swift", line: target.line, message: wrongWay(target.name, row, used, other))
        }
    }

    /// Every import of the files, held against the manifest and the table; targets outside the table have no layer.
    func checkImports(_ files: [SourceFile]) -> [Violation] {
        files.flatMap { file in file.imports.compactMap { check($0, of: file) } }
    }

    private func check(_ found: SourceFile.Import, of file: SourceFile) -> Violation? {
        func violation(_ message: String) -> Violation {
            Violation(path: file.path, line: found.line, message: message)
        }
        guard let target = manifest.targets.first(where: { file.path.hasPrefix($0.folder + "/") }) else {
            return violation("the file belongs to no target of Package.swift")
        }
        let module = found.module
        if LayerTable.platform.contains(module) { return nil }
        guard target.uses.contains(module) else {
            return violation("\(target.name) imports \(module), which Package.swift does not list among its uses")
        }
        guard let row = table.row(of: target.name), let other = table.row(of: module), other >= row else { return nil }
        return violation(wrongWay(target.name, row, module, other))
    }

    /// Imports between modules that the table keeps apart.
    func checkSeparations(_ files: [SourceFile]) -> [Violation] {
        table.separations.flatMap { separation in
            files.filter { separation.importers.contains($0.module) }.flatMap { file in
                file.imports.filter { separation.forbidden.contains($0.module) }.map {
                    Violation(
                        path: file.path, line: $0.line,
                        message: "\(file.module) imports \($0.module), but \(separation.reason)")
                }
            }
        }
    }

    private func wrongWay(_ name: String, _ row: Int, _ used: String, _ other: Int) -> String {
        "\(name) (\(table.layers[row].name)) uses \(used) (\(table.layers[other].name)), which is not below it"
    }
}
