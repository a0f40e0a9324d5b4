// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Testing

@Suite("Routes")
struct RouterTests {
    static let router: Router<String> = {
        var router = Router<String>()
        router.add(.get, "/", "root")
        router.add(.get, "/v1/models", "models")
        router.add(.get, "/v1/models/{model}", "model")
        router.add(.post, "/v1/models/{model}/load", "load")
        router.add(.get, "/v1/models/default", "default")
        router.add(.put, "/v1/{a}/items/{b}", "item")
        router.add(.delete, "/v1/{collection}/items/{id}", "removal")
        return router
    }()

    private func describe(_ method: HTTPMethod, _ target: String) throws -> String {
        switch Self.router.match(method, try HTTPRequestHead(method, target).pathSegments) {
        case .found(let endpoint, let captures):
            endpoint + captures.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        case .notFound: "404"
        case .methodNotAllowed(let allowed): "405 " + allowed.map(\.name).joined(separator: ",")
        }
    }

    @Test(
        "A method and a path lead to their endpoint",
        arguments: [
            ("GET", "/", "root"), ("GET", "/v1/models", "models"), ("HEAD", "/v1/models", "models"),
            ("GET", "/v1/models/x", "model model=x"), ("GET", "/v1/models/a%2Fb", "model model=a/b"),
            ("GET", "/v1/models/default", "default"), ("POST", "/v1/models/x/load", "load model=x"),
            ("POST", "/v1/models/default/load", "load model=default"), ("PUT", "/v1/c/items/7", "item a=c b=7"),
            ("DELETE", "/v1/c/items/7", "removal collection=c id=7"),
            ("PUT", "/v1/models/items/7", "item a=models b=7"),
        ])
    func finds(_ method: String, _ target: String, _ outcome: String) throws {
        #expect(try describe(HTTPMethod(method), target) == outcome)
    }

    @Test(
        "A path without an endpoint is 404, a path with other methods 405 with all of them",
        arguments: [
            ("GET", "/v1", "404"), ("GET", "/v1/models/", "404"), ("GET", "/v1/models/x/y", "404"),
            ("GET", "//", "404"), ("GET", "/V1/models", "404"), ("POST", "/v1/models/x", "405 GET,HEAD,OPTIONS"),
            ("OPTIONS", "/v1/models/x", "405 GET,HEAD,OPTIONS"), ("GET", "/v1/models/x/load", "405 POST,OPTIONS"),
            ("GET", "/v1/c/items/7", "405 PUT,DELETE,OPTIONS"), ("PATCH", "/nowhere", "404"),
        ])
    func misses(_ method: String, _ target: String, _ outcome: String) throws {
        #expect(try describe(HTTPMethod(method), target) == outcome)
    }

    @Test("The answer to OPTIONS names the methods and has no body")
    func answersOptions() {
        let response = HTTPResponse.options(allow: [.get, .head])
        #expect(response.status == 204 && response.headers.first("allow") == "GET, HEAD" && response.body.isEmpty)
    }

    @Test("The same route twice is our bug")
    func refusesDuplicates() async {
        await #expect(processExitsWith: .failure) {
            var router = Router<Int>()
            router.add(.get, "/a/{x}", 1)
            router.add(.get, "/a/{y}", 2)
        }
    }
}

@Suite("Listening addresses")
struct ListenAddressTests {
    @Test(
        "An address is read and written back",
        arguments: [
            ("127.0.0.1:8080", ListenAddress.tcp(host: "127.0.0.1", port: 8080)),
            ("[::1]:0", .tcp(host: "::1", port: 0)),
            (":65535", .tcp(host: "", port: 65535)), ("localhost:80", .tcp(host: "localhost", port: 80)),
            ("unix:/run/f.sock", .unix(path: "/run/f.sock")),
        ])
    func reads(_ text: String, _ address: ListenAddress) throws {
        #expect(try ListenAddress(parsing: text) == address)
        #expect(address.description == text)
    }

    @Test(
        "Text that is no address is refused",
        arguments: [
            "", "8080", "host:", "host:x", "host:-1", "host:65536", "::1:80", "[::1]", "[h]:1", "unix:", "a b:1",
        ])
    func refuses(_ text: String) {
        #expect(throws: HTTPServerError.invalidAddress(text)) { try ListenAddress(parsing: text) }
    }
}
