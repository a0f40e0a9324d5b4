// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The picture of deploy/docs/architecture.md against Package.swift.
@Suite("Architecture diagram")
struct DiagramTests {
    /// The modules and arrows of the first Mermaid block of a page.
    struct Diagram {
        var modules: Set<String> = []
        var arrows: Set<String> = []

        init(page: String) {
            let block = page.components(separatedBy: "```mermaid\n").dropFirst().first ?? ""
            let lines = (block.components(separatedBy: "\n```").first ?? "").split(separator: "\n")
            for line in lines.map({ $0.trimmingCharacters(in: .whitespaces) }) {
                if let arrow = line.wholeMatch(of: /([\w-]+) --> ([\w\- &]+)/) {
                    for target in arrow.2.split(separator: "&") {
                        arrows.insert("\(arrow.1) --> \(target.trimmingCharacters(in: .whitespaces))")
                    }
                } else if let module = line.wholeMatch(of: /([\w-]+)/), line != "end" {
                    modules.insert(String(module.1))
                }
            }
        }
    }

    /// What the picture must say: every target below Sources, and an arrow for each use that no other use implies.
    static func expected(_ manifest: Manifest) -> (modules: Set<String>, arrows: Set<String>) {
        let targets = manifest.targets.filter { $0.folder.hasPrefix("Sources/") }
        let names = Set(targets.map(\.name))
        let uses = Dictionary(uniqueKeysWithValues: targets.map { ($0.name, Set($0.uses).intersection(names)) })
        func reach(_ name: String) -> Set<String> {
            (uses[name] ?? []).reduce(into: uses[name] ?? []) { $0.formUnion(reach($1)) }
        }
        var arrows: Set<String> = []
        for (name, direct) in uses {
            let implied = direct.reduce(into: Set<String>()) { $0.formUnion(reach($1)) }
            for target in direct.subtracting(implied) { arrows.insert("\(name) --> \(target)") }
        }
        return (names, arrows)
    }

    @Test("The diagram of the architecture page is the package graph without what other arrows imply")
    func diagramIsTheGraph() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(
            contentsOf: root.appendingPathComponent("deploy/docs/architecture.md"), encoding: .utf8)
        let manifest = try String(contentsOf: root.appendingPathComponent("Package.swift"), encoding: .utf8)
        let (diagram, wanted) = (Diagram(page: page), Self.expected(Manifest(parsing: manifest)))
        #expect(diagram.modules.symmetricDifference(wanted.modules).sorted().isEmpty)
        #expect(wanted.arrows.subtracting(diagram.arrows).sorted() == [], "arrows that the page lacks")
        #expect(diagram.arrows.subtracting(wanted.arrows).sorted() == [], "arrows that the package does not have")
    }

    @Test("An arrow is expected only where no longer way leads there")
    func impliedArrows() {
        let text = """
            targets: [
                module("A"),
                module("B", uses: ["A"]),
                module("C", uses: ["A", "B"]),
                module("D", uses: ["C"]),
                module("E", uses: ["A", "D"]),
            ]
            """
        let wanted = Self.expected(Manifest(parsing: text))
        #expect(wanted.modules == ["A", "B", "C", "D", "E"])
        #expect(wanted.arrows == ["B --> A", "C --> B", "D --> C", "E --> D"])
    }

    @Test("A diagram is read: modules in groups, arrows to several at once")
    func readsDiagram() {
        let diagram = Diagram(
            page: "# A\n```mermaid\nflowchart TD\n  subgraph top [Top]\n    C\n  end\n  C --> A & B\n```\n")
        #expect(diagram.modules == ["C"])
        #expect(diagram.arrows == ["C --> A", "C --> B"])
    }
}
