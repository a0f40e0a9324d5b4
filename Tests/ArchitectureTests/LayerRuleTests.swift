// SPDX-License-Identifier: Apache-2.0

import Testing

/// The layer checker against planted violations.
@Suite("Layer checker")
struct LayerRuleTests {
    private static let package = """
        let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
        func module(_ name: String, uses: [Target.Dependency] = []) -> Target {
            .target(name: name, dependencies: uses, swiftSettings: strict)
        }
        let package = Package(
            name: "facet",
            products: [.executable(name: "facet", targets: ["facet"])],
            dependencies: [.package(url: "https://github.com/apple/swift-log", from: "1.16.0")],
            targets: [
                system("CBottom", pkgConfig: "bottom", apt: "libbottom-dev"),
                .target(name: "CShim", linkerSettings: [.linkedLibrary("shim")]),
                module("Low", uses: ["CBottom", logging]),  // not ["High"]
                module("Other"),
                .target(
                    name: "High",
                    dependencies: ["Low", "Other"], resources: [.copy("Resources")], swiftSettings: strict),
                .target(name: "Helpers", path: "Tests/Support", swiftSettings: strict),
                tests(
                    "LowTests",
                    uses: ["Low"]),
            ]
        )
        """

    private static let table = LayerTable(
        layers: [
            LayerTable.Layer(name: "C", targets: ["CBottom", "CShim"]),
            LayerTable.Layer(name: "low", targets: ["Low", "Other"]),
            LayerTable.Layer(name: "high", targets: ["High"]),
        ],
        separations: [LayerTable.Separation(importers: ["High"], forbidden: ["Other"], reason: "they are kept apart")])

    private static let folders = ["CBottom", "CShim", "High", "Low", "Other"]

    private func rules(_ text: String = package) -> LayerRules {
        LayerRules(table: Self.table, manifest: Manifest(parsing: text))
    }

    private func imports(_ text: String, in path: String) -> [String] {
        rules().checkImports([SourceFile(path: path, text: text)]).map(\.description)
    }

    @Test("The manifest is read: helpers, SwiftPM's own functions, several lines, products by their constants")
    func readsManifest() {
        let manifest = rules().manifest
        #expect(manifest.targets.map(\.name) == ["CBottom", "CShim", "Low", "Other", "High", "Helpers", "LowTests"])
        #expect(manifest.target(named: "Low")?.uses == ["CBottom", "Logging"])
        #expect(manifest.target(named: "High")?.uses == ["Low", "Other"])
        #expect(manifest.target(named: "High")?.line == 14)
        #expect(manifest.target(named: "Helpers")?.folder == "Tests/Support")
        #expect(manifest.target(named: "LowTests")?.uses == ["Low", "TestSupport"])
        #expect(manifest.target(named: "LowTests")?.folder == "Tests/LowTests")
    }

    @Test("A tree that keeps the rules is passed")
    func passesGoodTree() {
        #expect(rules().checkManifest(folders: Self.folders).isEmpty)
        #expect(imports("internal import Low\nimport Foundation", in: "Sources/High/High.swift").isEmpty)
        #expect(imports("private import CBottom\nimport Logging", in: "Sources/Low/Low.swift").isEmpty)
        #expect(imports("import Low\nimport Testing", in: "Tests/LowTests/A.swift").isEmpty)
    }

    @Test("An import that Package.swift does not declare is found with its line")
    func findsUndeclaredImport() {
        let text = "// SPDX\n\ninternal import CShim\n"
        #expect(
            imports(text, in: "Sources/Low/Deep/Low.swift") == [
                "Sources/Low/Deep/Low.swift:3: Low imports CShim, which Package.swift does not list among its uses"
            ])
    }

    @Test("An upward import is found even when Package.swift declares it, and so is the declaration")
    func findsUpwardImport() {
        let bad = Self.package.replacing("[\"CBottom\", logging]", with: "[\"CBottom\", \"High\"]")
        let file = SourceFile(path: "Sources/Low/Low.swift", text: "package import High")
        let message = "Low (low) uses High (high), which is not below it"
        #expect(rules(bad).checkImports([file]).map(\.description) == ["Sources/Low/Low.swift:1: \(message)"])
        #expect(rules(bad).checkManifest(folders: Self.folders).map(\.description) == ["Package.swift:12: \(message)"])
    }

    @Test("An import within one layer is found")
    func findsSidewaysImport() {
        let bad = Self.package.replacing("module(\"Other\")", with: "module(\"Other\", uses: [\"Low\"])")
        let file = SourceFile(path: "Sources/Other/A.swift", text: "import Low")
        #expect(rules(bad).checkImports([file]).count == 1)
    }

    @Test(
        "An import is seen behind every attribute and access level",
        arguments: [
            "import High", "  import High", "private import High", "@testable import High", "@_exported import High",
            "@_spi(Inner) package import High", "import struct High.Thing", "internal import class High.Box // why",
            "@preconcurrency internal import High",
        ])
    func seesEveryForm(line: String) {
        #expect(imports(line, in: "Sources/Low/A.swift").count == 1)
    }

    @Test(
        "Comments and words that look like imports are none",
        arguments: ["/// import High", "let import_ = 1", "important High"])
    func ignoresOtherLines(line: String) {
        #expect(imports(line, in: "Sources/Low/A.swift").isEmpty)
    }

    @Test("A module that is in no layer, a missing target and a stray folder are found")
    func findsUnknownModules() {
        let more = Self.package.replacing("module(\"Other\"),", with: "module(\"New\"),")
        let found = rules(more).checkManifest(folders: Self.folders).map(\.description)
        #expect(
            found == [
                "Package.swift:13: New is in no layer of the table",
                "Package.swift:1: Other is in the layer table but no target",
                "Sources/Other:1: the folder is no target of Package.swift",
            ])
    }

    @Test("Modules that are kept apart are, whatever their layers")
    func findsBrokenSeparation() {
        let file = SourceFile(path: "Sources/High/A.swift", text: "import Low\nimport Other")
        #expect(
            rules().checkSeparations([file]).map(\.description) == [
                "Sources/High/A.swift:2: High imports Other, but they are kept apart"
            ])
    }
}
