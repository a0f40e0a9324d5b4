// SPDX-License-Identifier: Apache-2.0

/// Finds the endpoint for a method and a path: literal segments before captures, whatever the order of adding.
///
///     var router = Router<Endpoint>()
///     router.add(.get, "/v1/models/{model}", endpoint)
///     router.match(.get, ["v1", "models", "small"])  // .found(endpoint, ["model": "small"])
///
/// Matching costs a dictionary lookup a segment. A template that is malformed or added twice is our own bug.
package struct Router<Endpoint> {
    /// What a request's method and path lead to.
    package enum Match {
        /// The endpoint and the captured segments by name.
        case found(Endpoint, [String: String])
        /// No template fits the path: 404.
        case notFound
        /// The path exists with other methods, to be listed in `Allow`: 405, or 204 when the method is OPTIONS.
        case methodNotAllowed([HTTPMethod])
    }

    fileprivate struct Route {
        let method: HTTPMethod
        let endpoint: Endpoint
        let captures: [String]
    }

    fileprivate struct Node {
        var literals: [String: Int] = [:]
        var capture: Int?
        var routes: [Route] = []
    }

    private var nodes = [Node()]

    /// A router without routes.
    package init() {}

    /// Adds a route.
    ///
    /// The template starts with `/`; a segment in braces captures one non-empty segment by its name.
    package mutating func add(_ method: HTTPMethod, _ template: String, _ endpoint: Endpoint) {
        precondition(template.hasPrefix("/"), "the template \(template) does not start with /")
        var node = 0
        var captures: [String] = []
        for segment in Self.segments(template) {
            if segment.hasPrefix("{"), segment.hasSuffix("}"), segment.count > 2 {
                captures.append(String(segment.dropFirst().dropLast()))
                node = captureChild(of: node)
            } else {
                precondition(!segment.contains { "{}".contains($0) }, "the template \(template) has a stray brace")
                node = literalChild(of: node, segment)
            }
        }
        let isNew = !nodes[node].routes.contains { $0.method == method }
        precondition(isNew, "the route \(method) \(template) was added twice")
        nodes[node].routes.append(Route(method: method, endpoint: endpoint, captures: captures))
    }

    /// The endpoint for decoded path segments as ``HTTPRequestHead/pathSegments`` has them; GET routes serve HEAD too.
    package func match(_ method: HTTPMethod, _ segments: [String]) -> Match {
        var captured: [String] = []
        var allowed: [HTTPMethod] = []
        if let route = search(0, segments[...], method, &captured, &allowed) {
            return .found(route.endpoint, Dictionary(zip(route.captures, captured)) { first, _ in first })
        }
        if allowed.isEmpty { return .notFound }
        return .methodNotAllowed(Self.withImplied(allowed))
    }

    /// The depth-first search: a path that ends at a node without the method goes on elsewhere but is remembered.
    private func search(
        _ node: Int, _ rest: ArraySlice<String>, _ method: HTTPMethod, _ captured: inout [String],
        _ allowed: inout [HTTPMethod]
    ) -> Route? {
        guard let segment = rest.first else {
            let routes = nodes[node].routes
            let route = routes.first { $0.method == method }
            if let route { return route }
            if method == .head, let route = routes.first(where: { $0.method == .get }) { return route }
            allowed += routes.map(\.method)
            return nil
        }
        let rest = rest.dropFirst()
        if let next = nodes[node].literals[segment], let route = search(next, rest, method, &captured, &allowed) {
            return route
        }
        guard let next = nodes[node].capture, !segment.isEmpty else { return nil }
        captured.append(segment)
        if let route = search(next, rest, method, &captured, &allowed) { return route }
        captured.removeLast()
        return nil
    }

    private mutating func literalChild(of node: Int, _ segment: String) -> Int {
        if let child = nodes[node].literals[segment] { return child }
        nodes.append(Node())
        nodes[node].literals[segment] = nodes.count - 1
        return nodes.count - 1
    }

    private mutating func captureChild(of node: Int) -> Int {
        if let child = nodes[node].capture { return child }
        nodes.append(Node())
        nodes[node].capture = nodes.count - 1
        return nodes.count - 1
    }

    /// The template's segments as a request's path would have them.
    private static func segments(_ template: String) -> [String] {
        if template == "/" { return [] }
        return template.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    }

    /// HEAD where there is GET, and OPTIONS, which every resource answers; each method once, in order.
    private static func withImplied(_ methods: [HTTPMethod]) -> [HTTPMethod] {
        var result: [HTTPMethod] = []
        for method in methods.flatMap({ $0 == .get ? [.get, .head] : [$0] }) + [.options]
        where !result.contains(method) {
            result.append(method)
        }
        return result
    }
}

extension Router: Sendable where Endpoint: Sendable {}
extension Router.Match: Sendable where Endpoint: Sendable {}
extension Router.Route: Sendable where Endpoint: Sendable {}
extension Router.Node: Sendable where Endpoint: Sendable {}
