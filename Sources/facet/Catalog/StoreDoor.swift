// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Foundation
internal import PostgresCatalog

/// Opens a store by its address, whichever engine keeps it.
enum StoreDoor {
    /// Opens for reading and writing; throws where there is none and it may not be made, and for `none`.
    static func open(_ address: StoreAddress, makes: Bool) throws -> any ItemStore {
        if let remote = address.remote {
            let store = try PostgresStore(remote)
            try store.open()
            return store
        }
        return try openFile(address, makes: makes)
    }

    /// Opens a file; throws for a server, which has no such thing, with what to use there `instead`.
    static func openFile(
        _ address: StoreAddress, makes: Bool, instead: String = "use the server's own tools"
    ) throws -> CatalogStore {
        let path = try path(address, instead: instead)
        guard makes || FileManager.default.fileExists(atPath: path) else {
            throw CatalogError.cannotOpen(path: path, code: Int(ENOENT))
        }
        return try CatalogStore(CatalogConfiguration(path: path))
    }

    /// The file's path; throws for a server and for `none`.
    static func path(_ address: StoreAddress, instead: String = "use the server's own tools") throws -> String {
        if let path = address.path { return path }
        guard address.server == nil else {
            throw CatalogRefusal("This command works on a file, and \(address.name) is a server: \(instead).")
        }
        throw CatalogRefusal("this needs a store: give --store sqlite:PATH or postgres://USER@HOST/DATABASE.")
    }

    /// Every collection, beside whoever writes.
    static func collections(_ address: StoreAddress) throws -> [CollectionRecord] {
        guard address.server == nil else {
            let store = try open(address, makes: false)
            defer { try? store.close() }
            return try store.collections()
        }
        return try CatalogStore.read(fileAt: path(address)) { (snapshot) throws(CatalogError) in snapshot.collections }
    }
}
