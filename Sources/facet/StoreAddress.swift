// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Catalog

/// Where the catalog is kept, as `--store` says it: `sqlite:PATH` or `none`.
struct StoreAddress: Equatable {
    /// Nil for none.
    let path: String?

    init(_ text: String) throws {
        if text == "none" {
            path = nil
            return
        }
        guard text.hasPrefix("sqlite:"), text.utf8.count > "sqlite:".utf8.count else {
            throw ValidationError("'\(text)' is no store: write sqlite:PATH, such as sqlite:catalog.sqlite, or none.")
        }
        path = String(text.dropFirst("sqlite:".count))
    }

    /// How the file is opened; nil for none.
    var configuration: CatalogConfiguration? { path.map { CatalogConfiguration(path: $0) } }
}
