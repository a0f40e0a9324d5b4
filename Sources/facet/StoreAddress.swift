// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Catalog
internal import PostgresCatalog

/// Where the catalog is kept, as `--store` says it: `sqlite:PATH`, `postgres://...` or `none`.
struct StoreAddress: Equatable {
    /// The file; nil for none and for a server.
    let path: String?
    /// The server's URL, which may hold a password; nil for none and for a file.
    let server: String?

    init(_ text: String) throws {
        if text == "none" {
            (path, server) = (nil, nil)
        } else if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
            (path, server) = (nil, text)
        } else if text.hasPrefix("sqlite:"), text.utf8.count > "sqlite:".utf8.count {
            (path, server) = (String(text.dropFirst("sqlite:".count)), nil)
        } else {
            throw ValidationError(
                """
                '\(text.prefix { $0 != "@" })' is no store: write sqlite:PATH, such as sqlite:catalog.sqlite, \
                postgres://USER@HOST/DATABASE, or none.
                """)
        }
    }

    /// How the file is opened; nil where there is none.
    var configuration: CatalogConfiguration? { path.map { CatalogConfiguration(path: $0) } }

    /// How the server is reached; nil where there is none.
    var remote: PostgresConfiguration? { server.map { PostgresConfiguration(url: $0) } }

    /// The address for people: a server's without user, password and settings.
    var name: String {
        guard let server else { return path ?? "none" }
        let rest = server.drop { $0 != "/" }.drop { $0 == "/" }
        let place = rest.prefix { $0 != "?" }
        return "postgres://" + (place.lastIndex(of: "@").map { place[place.index(after: $0)...] } ?? place)
    }
}
