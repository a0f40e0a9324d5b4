// SPDX-License-Identifier: Apache-2.0

import EmbeddingAPI
import Foundation
import HTTPServer
import ServingTestSupport
import Testing

@Suite("The web pages")
struct PageTests {
    let client: Client

    init() throws { client = try Client(models: TestModels()) }

    static let paths = ["/", "/map", "/advisor", "/models", "/status", "/docs"]

    @Test(
        "Every page is there, with a policy that allows nothing but its own files", arguments: paths)
    func pages(path: String) async throws {
        let reply = try await client.get(path)
        let headers = reply.response.headers
        #expect(reply.status == 200 && headers.first("Content-Type") == "text/html; charset=utf-8")
        let policy = try #require(headers.first("Content-Security-Policy"))
        for rule in [
            "default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'",
        ] {
            #expect(policy.contains(rule))
        }
        #expect(!policy.contains("unsafe") && !policy.contains("*") && !policy.contains("http"))
        #expect(
            headers.first("X-Content-Type-Options") == "nosniff"
                && headers.first("X-Frame-Options") == "DENY")
        #expect(headers.first("Referrer-Policy") == "no-referrer")
        #expect(
            headers.first("Cache-Control") == "no-cache" && headers.first("ETag")?.hasPrefix("\"") == true
        )
        #expect(try await client.call(.head, path).status == 200)
        #expect(try await client.call(.post, path).status == 405)
    }

    @Test(
        "What a page names is there with the right type, and no page has anything inline",
        arguments: paths)
    func files(path: String) async throws {
        let text = try await client.get(path).text
        for name in Self.matches(#"(?:src|href)="(/web/[^"]+)""#, in: text) {
            let file = try await client.get(name)
            let type = file.response.headers.first("Content-Type") ?? ""
            #expect(file.status == 200, "\(path) names \(name)")
            #expect(
                type.hasPrefix(
                    name.hasSuffix(".js")
                        ? "text/javascript" : name.hasSuffix(".css") ? "text/css" : "image/svg"))
            #expect(file.response.headers.first("X-Content-Type-Options") == "nosniff")
        }
        #expect(Self.matches(#"<script(?![^>]*src=)[^>]*>()"#, in: text).isEmpty)
        #expect(Self.matches(#"<style()|\sstyle="()|\son[a-z]+="()"#, in: text).isEmpty)
        #expect(Self.matches(#"(https?://)"#, in: text).isEmpty, "a page needs another host")
    }

    @Test("Every module that a module imports is there, and none makes markup out of text")
    func modules() async throws {
        let names = try WebResources.pages().keys.filter { $0.hasSuffix(".js") }
        #expect(names.count > 10)
        for name in names {
            let text = try await client.get("/web/\(name)").text
            for imported in Self.matches(#"from "\./([^"]+)""#, in: text) {
                #expect(names.contains(imported), "\(name) imports \(imported)")
            }
            #expect(text.hasPrefix("// SPDX-License-Identifier: Apache-2.0\n"), "\(name)")
            for sink in [
                "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function",
            ] {
                #expect(!text.contains(sink), "\(name) uses \(sink)")
            }
        }
    }

    @Test("A browser that has a file is told so; another tag, or none, gets the file")
    func entityTags() async throws {
        let tag = try #require(try await client.get("/").response.headers.first("ETag"))
        for given in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
            let reply = try await client.call(.get, "/", ["If-None-Match": given])
            #expect(reply.status == 304 && reply.response.body.isEmpty, "\(given)")
            #expect(reply.response.headers.first("ETag") == tag)
            #expect(reply.response.headers.first("Content-Security-Policy") != nil)
        }
        for given in ["\"x\"", String(tag.dropLast()), "W/"] {
            #expect(try await client.call(.get, "/", ["If-None-Match": given]).status == 200, "\(given)")
        }
    }

    @Test(
        "Nothing but the pages' own files can be reached",
        arguments: [
            "/web/../openapi.yaml", "/web/%2e%2e%2fopenapi.yaml", "/web/..%2Fopenapi.yaml", "/web/",
            "/web", "/web/.",
            "/web/%2Fetc%2Fpasswd", "/web/explorer.html", "/explorer.html", "/web/base.css/",
            "/web/base.css%0A",
            "/web//base.css", "/web/BASE.CSS", "/web/nothing.js", "/web/base.css/../dom.js", "/docs/x",
        ])
    func traversal(path: String) async throws {
        let reply = try await client.get(path)
        #expect(reply.status == 404 && reply.code == "not_found", "\(path)")
    }

    @Test("Without a sample catalog the call for it says so, quietly")
    func noSample() async throws {
        let reply = try await client.get("/v1/sample")
        #expect(reply.status == 200 && reply.json["state"] as? String == "none")
        let load = try await client.call(.post, "/v1/sample")
        #expect(load.status == 404 && load.code == "no_catalog")
    }

    private static func matches(_ pattern: String, in text: String) -> [String] {
        guard let expression = try? NSRegularExpression(pattern: pattern) else { return [pattern] }
        let whole = NSRange(text.startIndex..., in: text)
        return expression.matches(in: text, range: whole).map { match in
            (1..<match.numberOfRanges).compactMap { Range(match.range(at: $0), in: text) }.map {
                String(text[$0])
            }
            .joined()
        }
    }
}
