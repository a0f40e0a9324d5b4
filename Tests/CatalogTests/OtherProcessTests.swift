// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

import Catalog

struct OtherProcessTests {
    @Test("A file that a store has open for writing is read whole, and as it was when the reading began")
    func reading() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        _ = try store.upsert((0..<50).map { try Sample.draft($0) }, into: name)
        var (ids, rows): ([ItemID], Int) = ([], 0)
        try CatalogStore.read(fileAt: folder.path) { (snapshot) throws(CatalogError) in
            let record = try snapshot.collection(name)
            try store.delete(ItemID("item-0"), from: name)
            try snapshot.items(of: record) { (item) throws(CatalogError) in ids.append(item.id) }
            try snapshot.vectors(of: record) { (_, _) throws(CatalogError) in rows += 1 }
        }
        #expect(try ids == (0..<50).map { try ItemID("item-\($0)") } && rows == 50)
        #expect(try store.count(name) == 49)
    }

    @Test("A backup of a file that a store has open is sound, and one that is ended leaves nothing")
    func backup() throws {
        let (folder, target) = (try CatalogFolder(), try CatalogFolder())
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        _ = try store.upsert((0..<400).map { try Sample.draft($0, thumbnail: 20_000) }, into: name)
        #expect(try !CatalogStore.backup(fileAt: folder.path, to: target.path) { _ in false })
        #expect(try FileManager.default.contentsOfDirectory(atPath: target.url.path).isEmpty)
        var parts: [Double] = []
        let isWhole = try CatalogStore.backup(fileAt: folder.path, to: target.path) { part in
            parts.append(part)
            return true
        }
        #expect(isWhole && parts.count > 1 && parts.last == 1)
        let copy = try target.open()
        #expect(try copy.verify().isSound && copy.count(name) == 400)
    }

    @Test("What is no catalog is neither read nor copied nor made")
    func refusals() throws {
        let folder = try CatalogFolder()
        let absent = CatalogError.cannotOpen(path: folder.path, code: Int(ENOENT))
        let body = { (snapshot: CatalogSnapshot) throws(CatalogError) in snapshot.collections.count }
        #expect(throws: absent) { try CatalogStore.read(fileAt: folder.path, body) }
        #expect(throws: absent) {
            try CatalogStore.backup(fileAt: folder.path, to: folder.path + "2") { _ in true }
        }
        #expect(FileManager.default.createFile(atPath: folder.path, contents: Data()))
        #expect(throws: CatalogError.foreignFile(applicationID: 0)) { try CatalogStore.read(fileAt: folder.path, body) }
        #expect(FileManager.default.createFile(atPath: folder.path, contents: Data("not a database".utf8)))
        #expect(throws: CatalogError.self) { try CatalogStore.read(fileAt: folder.path, body) }
    }
}
