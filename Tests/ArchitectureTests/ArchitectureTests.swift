// SPDX-License-Identifier: Apache-2.0

import Testing

/// The tree as it is, held against the layer table and the house rules.
@Suite("Architecture of the tree")
struct ArchitectureTests {
    /// Marks that switch the compiler's concurrency checking off, per module.
    ///
    /// Lower a number when one goes; raising one needs a reason that stands review, and its comment beside the mark.
    static let uncheckedMarks = [
        "Tensors": 1, "Checkpoints": 1, "Kernels": 1, "ContrastiveTraining": 1, "Catalog": 1, "VectorSearch": 6,
        "PostgresCatalog": 1,
    ]

    private let rules: LayerRules
    private let sources: [SourceFile]

    init() throws {
        rules = LayerRules(table: .facet, manifest: Manifest(parsing: try Tree.text("Package.swift")))
        sources = try Tree.files(below: "Sources", endings: [".swift", ".c", ".h"])
    }

    @Test("The whole tree is looked at")
    func readsTheTree() throws {
        #expect(sources.count > 100)
        #expect(Set(sources.map(\.module)) == Set(LayerTable.facet.targets))
        #expect(sources.reduce(0) { $0 + $1.imports.count } > 100)
        #expect(rules.manifest.target(named: "Kernels")?.uses.contains("CKernels") == true)
    }

    @Test("Package.swift puts every module into a layer, and uses only point down")
    func manifestFollowsTheTable() throws {
        let found = rules.checkManifest(folders: try Tree.folders(in: "Sources"))
        #expect(found.isEmpty, "\(found.report)")
    }

    @Test("Every import is declared in Package.swift and comes from a lower layer")
    func importsFollowTheTable() {
        let found = rules.checkImports(sources.filter(\.isSwift))
        #expect(found.isEmpty, "\(found.report)")
    }

    @Test("Tests import only what Package.swift declares for them")
    func testImportsAreDeclared() throws {
        let files = try Tree.files(below: "Tests", endings: [".swift"])
        // A peer that a benchmark builds is a package of its own.
        let manifest = "/Package.swift"
        let others = files.map(\.path).filter { $0.hasSuffix(manifest) }.map { $0.dropLast(manifest.count - 1) }
        #expect(others.count < 2, "\(others)")
        let found = rules.checkImports(files.filter { file in !others.contains { file.path.hasPrefix($0) } })
        #expect(found.isEmpty, "\(found.report)")
    }

    @Test("The serving half sees no tensors and the compute half no HTTP")
    func halvesStayApart() {
        let found = rules.checkSeparations(sources)
        #expect(found.isEmpty, "\(found.report)")
    }

    @Test("Every file of Sources keeps the house rules")
    func filesKeepTheRules() {
        let found = sources.flatMap(HouseRules.check)
        #expect(found.isEmpty, "\(found.report)")
    }

    @Test("The number of unchecked concurrency marks is the one agreed on")
    func uncheckedMarksDoNotGrow() {
        #expect(HouseRules.countMarks(sources) == Self.uncheckedMarks)
    }
}
