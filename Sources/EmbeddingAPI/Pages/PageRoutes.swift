// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer

extension FacetAPI {
    /// The pages, their files, and the calls that exist for them.
    static func addPages(to router: inout Router<Endpoint>) {
        for path in StaticPages.pages.keys.sorted() { router.add(.get, path, .page) }
        router.add(.get, "/\(StaticPages.folder)/{file}", .page)
        router.add(.get, "/v1/collections/{collection}/map", .map)
        router.add(.get, "/v1/sample", .sample)
        router.add(.post, "/v1/sample", .loadSample)
    }

    /// Answers a page, or a call that exists for the pages.
    func respond(
        _ endpoint: Endpoint, _ captures: [String: String], _ head: HTTPRequestHead,
        _ context: RequestContext,
        _ reply: @escaping @Sendable (HTTPResponse) -> Void
    ) {
        switch endpoint {
        case .map:
            map(captures["collection"] ?? "", head) { [self] in
                reply(finish($0, "/v1/collections/{c}/map", context))
            }
        case .sample: reply(finish(describeSample(), "/v1/sample", context))
        case .loadSample: reply(finish(loadSample(), "/v1/sample", context))
        default: reply(finish(page(head), "/web/{file}", context))
        }
    }

    /// What a page may do: run and show its own files, ask this server, and show pictures that it made itself.
    ///
    /// No inline script or style, no eval, no text that turns into markup, no frame around it, no other host.
    static let pagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        + "trusted-types 'none'"

    private static let pageHeaders = [
        ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
        ("Cache-Control", "no-cache"),
    ]

    /// A page or one of its files; 304 where the browser has it already.
    func page(_ head: HTTPRequestHead) -> HTTPResponse {
        guard let file = StaticPages.bundled.file(at: head.pathSegments) else {
            return error(.notFound, "There is nothing at this path.")
        }
        var response = HTTPResponse(status: 200, contentType: file.contentType, body: file.bytes)
        if Self.knows(head.headers.all("if-none-match"), file.tag) { response = HTTPResponse(status: 304) }
        for (name, value) in Self.pageHeaders { response.headers.set(name, value) }
        response.headers.set("Content-Security-Policy", Self.pagePolicy)
        response.headers.set("ETag", file.tag)
        return response
    }
}
