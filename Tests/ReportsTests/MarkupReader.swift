// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Reads a page's tags: whether they nest, which ids there are and which are referred to.
struct MarkupReader {
    private(set) var complaints: [String] = []
    private(set) var ids: [String] = []
    private(set) var references: Set<String> = []

    private static let voids: Set<String> = ["meta", "img", "br", "link"]

    init(_ html: String) {
        var open: [String] = []
        var rest = html[...]
        while let start = rest.firstIndex(of: "<") {
            guard let end = rest[start...].firstIndex(of: ">") else {
                complaints.append("an open tag at the end")
                return
            }
            let tag = String(rest[rest.index(after: start)..<end])
            rest = rest[rest.index(after: end)...]
            take(tag, &open)
            let name = open.last ?? ""
            if name == "style" || name == "script", let close = rest.range(of: "</\(name)>") {
                rest = rest[close.lowerBound...]
            }
        }
        if !open.isEmpty { complaints.append("never closed: \(open)") }
    }

    private mutating func take(_ tag: String, _ open: inout [String]) {
        if tag.hasPrefix("!") { return }
        if tag.hasPrefix("/") {
            let last = open.popLast()
            if last != String(tag.dropFirst()) { complaints.append("\(tag) closes \(last ?? "nothing")") }
            return
        }
        let name = String(tag.prefix { !$0.isWhitespace && $0 != "/" })
        for match in tag.matches(of: /([a-z-]+)="([^"]*)"/) { note(String(match.1), String(match.2)) }
        if tag.filter({ $0 == "\"" }).count % 2 == 1 { complaints.append("a quote too many: \(tag)") }
        if !tag.hasSuffix("/"), !Self.voids.contains(name) { open.append(name) }
    }

    private mutating func note(_ attribute: String, _ value: String) {
        switch attribute {
        case "id": ids.append(value)
        case "aria-labelledby": references.formUnion(value.split(separator: " ").map(String.init))
        case "href": references.insert(String(value.dropFirst()))
        default: break
        }
    }
}
