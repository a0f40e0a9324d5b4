// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Vectors

import Catalog

struct OpeningTests {
    @Test("A new file has the settings that the promises rest on")
    func settings() throws {
        let folder = try CatalogFolder()
        let connection = try DatabaseFile.open(folder.path, limits: CatalogLimits(), busyMilliseconds: 100)
        #expect(FileManager.default.fileExists(atPath: folder.path + "-wal"))
        #expect(try connection.number("synchronous") == 2)
        #expect(try connection.number("foreign_keys") == 1)
        #expect(try connection.number("auto_vacuum") == 2)
        #expect(try connection.number("application_id") == Migration.applicationID)
        #expect(try connection.number("user_version") == Migration.newest)
    }

    private static func fixture(_ version: Int) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Fixtures/v\(version).sqlite")
    }

    @Test("The file of every version still opens, with everything in it", arguments: 1...Migration.newest)
    func oldFile(version: Int) throws {
        let folder = try CatalogFolder()
        try FileManager.default.copyItem(atPath: Self.fixture(version).path, toPath: folder.path)
        let store = try folder.open()
        #expect(
            try store.collections().map(\.definition) == [
                Sample.definition("halves", element: .float16), Self.shop(version),
            ])
        #expect(try store.collection(Sample.name()).thumbnails == (version == 1 ? nil : .side(64)))
        let item = try store.item(ItemID("item-2"), in: Sample.name())
        #expect(item.metadata == (try Sample.draft(2).metadata) && item.created == 1_700_000_000_000)
        #expect(try store.vector(of: item.id, in: Sample.name()) == Sample.draft(2).vector)
        #expect(try store.thumbnail(of: item.id, in: Sample.name()) == Sample.draft(2, thumbnail: 30).thumbnail)
        #expect(try store.count(Sample.name("halves")) == 1)
        #expect(store.cache.find(Self.fixtureKey, spaces: [.backbone]) == [Self.fixtureEmbedding])
        let report = try store.verify()
        #expect(report.isSound && report.collections == 2 && report.items == 4 && report.cachedEmbeddings == 1)
        try store.upsert(Sample.draft(9), into: Sample.name())
    }

    /// The larger collection of a version's fixture.
    private static func shop(_ version: Int) throws -> CollectionDefinition {
        let plain = try Sample.definition()
        return CollectionDefinition(
            name: plain.name, model: plain.model, checkpoint: plain.checkpoint, spaces: plain.spaces,
            preprocessing: version == 1 ? nil : "v1 crop 224")
    }

    @Test("A file of version 1 is listed, verified and copied as it is, without a byte of it changing")
    func oldFileBeside() throws {
        let folder = try CatalogFolder()
        try FileManager.default.copyItem(atPath: Self.fixture(1).path, toPath: folder.path)
        let before = try Data(contentsOf: URL(fileURLWithPath: folder.path))
        let names = try CatalogStore.read(fileAt: folder.path) { (snapshot) throws(CatalogError) in
            var items = 0
            for record in snapshot.collections {
                try snapshot.items(of: record) { (_) throws(CatalogError) in items += 1 }
            }
            return (snapshot.collections.map(\.definition.name.text), items)
        }
        #expect(names.0 == ["halves", "shop"] && names.1 == 4)
        #expect(try CatalogStore.verify(fileAt: folder.path).isSound)
        let copy = folder.url.appendingPathComponent("copy.sqlite").path
        #expect(try CatalogStore.backup(fileAt: folder.path, to: copy) { _ in true })
        #expect(try CatalogStore.verify(fileAt: copy).items == 4)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path)) == before)
        try folder.open().close()
        #expect(try Connection(folder.path, mode: .reader).number("user_version") == Migration.newest)
        #expect(try CatalogStore.verify(fileAt: folder.path).isSound)
    }

    private static let fixtureKey = EmbeddingKey(
        content: ContentDigest(of: [1]), checkpoint: ContentDigest(of: [2]), preprocessing: "1")
    private static let fixtureEmbedding = Embedding(space: .backbone, values: [0.5, -2, 3])

    /// How a fixture is made, once for each released version; never run over one that exists.
    @Test(
        "The fixture of this version is written where there is none",
        .enabled(if: ProcessInfo.processInfo.environment["FACET_WRITE_FIXTURES"] != nil))
    func writeFixture() throws {
        let target = Self.fixture(Migration.newest)
        let folder = try CatalogFolder()
        let store = try folder.open()
        let shop = try store.create(Self.shop(Migration.newest), thumbnails: .side(64)).record.definition.name
        let halves = try store.create(Sample.definition("halves", element: .float16)).record.definition.name
        for number in 1...3 { try store.upsert(Sample.draft(number, thumbnail: number * 15, original: 20), into: shop) }
        try store.upsert(Sample.draft(4), into: halves)
        store.cache.keep([Self.fixtureEmbedding], for: Self.fixtureKey)
        try store.close()
        try FileManager.default.copyItem(atPath: folder.path, toPath: target.path)
    }

    @Test("A migration brings an old file to the new version, or leaves it as it was")
    func migrations() throws {
        let folder = try CatalogFolder()
        try folder.open().close()
        let good = Migration(
            version: 3, sql: "ALTER TABLE items ADD COLUMN place TEXT; CREATE TABLE places (place TEXT)")
        let bad = Migration(version: 4, sql: "ALTER TABLE places ADD COLUMN x; ALTER TABLE nowhere ADD COLUMN y")
        let connection = try Connection(folder.path, mode: .writer)
        #expect(throws: CatalogError.self) {
            try DatabaseFile.migrate(connection, through: Migration.all + [good, bad])
        }
        #expect(try connection.number("user_version") == 2 && !connection.isInTransaction)
        try DatabaseFile.checkSchema(connection)
        try DatabaseFile.migrate(connection, through: Migration.all + [good])
        #expect(try connection.number("user_version") == 3)
        #expect(try connection.number("application_id") == Migration.applicationID)
        try connection.run("INSERT INTO places VALUES ('here')")
        #expect(throws: CatalogError.newerFile(version: 3, supported: Migration.newest)) { try folder.open() }
    }

    @Test("Another program's database, a later version's, and no database are each refused as what they are")
    func foreign() throws {
        let folder = try CatalogFolder()
        try Data("not a database, only text that is long enough to be read as a header of one".utf8).write(
            to: URL(fileURLWithPath: folder.path))
        #expect(throws: CatalogError.foreignFile(applicationID: 0)) { try folder.open() }
        let other = try CatalogFolder()
        try Connection(other.path, mode: .writer).execute("CREATE TABLE t (a); PRAGMA application_id = 77")
        #expect(throws: CatalogError.foreignFile(applicationID: 77)) { try other.open() }
        let newer = try CatalogFolder()
        try newer.open().close()
        try Connection(newer.path, mode: .writer).execute("PRAGMA user_version = 99")
        #expect(throws: CatalogError.newerFile(version: 99, supported: Migration.newest)) { try newer.open() }
    }

    @Test("A changed schema is refused and named by verify")
    func schema() throws {
        let folder = try CatalogFolder()
        try folder.open().close()
        try Connection(folder.path, mode: .writer).execute("DROP INDEX items_by_collection")
        #expect(throws: CatalogError.damaged(place: "schema")) { try folder.open() }
        #expect(try CatalogStore.verify(fileAt: folder.path).problems == ["schema: catalog_damaged"])
    }

    @Test("One store at a time has the file; the next one opens after it closed")
    func oneWriter() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        #expect(throws: CatalogError.inUse(path: folder.path)) { try folder.open() }
        try store.close()
        let link = folder.url.appendingPathComponent("link.sqlite").path
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path)
        let other = try folder.open()
        #expect(throws: CatalogError.inUse(path: link)) { try CatalogStore(CatalogConfiguration(path: link)) }
        try other.close()
        #expect(throws: CatalogError.closed) { try store.collections() }
        #expect(throws: CatalogError.closed) { try store.create(Sample.definition()) }
        try store.close()
    }

    @Test("A lock that another program holds is waited for and then reported; the write remains undone")
    func locked() throws {
        let folder = try CatalogFolder()
        let store = try folder.open { $0.busyMilliseconds = 50 }
        let other = try Connection(folder.path, mode: .writer)
        try other.execute("BEGIN IMMEDIATE")
        #expect(throws: CatalogError.locked) { try store.create(Sample.definition()) }
        try other.execute("ROLLBACK")
        #expect(try store.create(Sample.definition()).isNew)
    }

    @Test("A missing folder is refused")
    func missingFolder() {
        #expect(throws: CatalogError.cannotOpen(path: "/proc/nothing/a.sqlite", code: Int(ENOENT))) {
            try CatalogStore(CatalogConfiguration(path: "/proc/nothing/a.sqlite"))
        }
    }

    @Test("A folder that takes no files is refused as read-only")
    func readOnly() {
        // Nobody, root included, may make files here.
        let path = "/proc/sys/catalog.sqlite"
        #expect(throws: CatalogError.self) { try CatalogStore(CatalogConfiguration(path: path)) }
        do {
            _ = try CatalogStore(CatalogConfiguration(path: path))
        } catch {
            #expect(["catalog_read_only", "catalog_cannot_open"].contains(error.code))
        }
    }
}
