// SPDX-License-Identifier: Apache-2.0

/// A request method: a case-sensitive token (RFC 9110 section 9.1).
package struct HTTPMethod: Sendable, Hashable, CustomStringConvertible {
    /// The token as it stood in the request line.
    package let name: String

    /// Any method by its name; the parser has checked that it is a token.
    package init(_ name: String) {
        self.name = name
    }

    package static let get = HTTPMethod("GET")
    package static let head = HTTPMethod("HEAD")
    package static let post = HTTPMethod("POST")
    package static let put = HTTPMethod("PUT")
    package static let delete = HTTPMethod("DELETE")
    package static let options = HTTPMethod("OPTIONS")
    package static let patch = HTTPMethod("PATCH")

    package var description: String { name }
}

/// The protocol versions this server speaks; a higher minor version of 1 is read as 1.1 (RFC 9110 section 6.2).
package enum HTTPVersion: Sendable, Hashable {
    case http10
    case http11
}
